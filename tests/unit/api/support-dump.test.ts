import { expect, test } from "bun:test";
import { anonymized } from "../../../src/api/support-dump.ts";

test("a configuration for others shows no name, address or secret", () => {
  expect(
    anonymized({
      entryPoints: { web: { address: ":80", http: { middlewares: ["office@file"] } } },
      log: { level: "INFO", filePath: "/home/jo/log" },
      metrics: { otlp: { http: { endpoint: "https://jo.test", headers: { level: "secret" } } } },
      providers: { docker: { endpoint: "tcp://10.0.0.1:2375", exposedByDefault: false } },
    }),
  ).toEqual({
    entryPoints: { web: { address: ":80", http: { middlewares: ["xxxx"] } } },
    log: { level: "INFO", filePath: "xxxx" },
    metrics: { otlp: { http: { endpoint: "xxxx", headers: { level: "xxxx" } } } },
    providers: { docker: { endpoint: "xxxx", exposedByDefault: false } },
  });
});
