import { expect, test } from "bun:test";
import type { ApplyReport } from "../../../src/server/data-plane.ts";
import type { Snapshot } from "../../../src/snapshot/snapshot.ts";
import { Status } from "../../../src/status/status.ts";

const SNAPSHOT = {
  routers: {
    "r@file": { service: "s@file", middlewares: ["m@file"], tls: { options: "default" } },
  },
  services: { "s@file": { loadBalancer: { serversTransport: "t" } }, "u@file": {} },
  middlewares: { "m@file": {} },
  serversTransports: { "t@file": {} },
  tcp: { routers: {}, services: {}, middlewares: {}, serversTransports: {} },
  udp: { routers: {}, services: {} },
  tls: { options: { default: {} } },
} as unknown as Snapshot;

test("every element is listed with what is wrong with it and which elements use it", () => {
  const status = new Status();
  expect(status.elements()).toEqual([]);
  status.set(SNAPSHOT, {
    version: 1,
    routers: 1,
    services: 1,
    middlewares: 1,
    disabled: [
      { kind: "service", name: "u@file", errors: ["no type"] },
      { kind: "router", name: "gone@file", errors: ["refused"] },
      { kind: "router", name: "half@file", errors: ["no entrypoint"], partly: true },
    ],
    tlsErrors: [],
    certificates: [],
  } as ApplyReport);
  const found = Object.fromEntries(
    status
      .elements()
      .map(({ kind, name, status: state, errors, usedBy }) => [
        `${kind} ${name}`,
        [state, errors, usedBy],
      ]),
  );
  expect(found).toMatchObject({
    "router r@file": ["enabled", [], []],
    "router gone@file": ["disabled", ["refused"], []],
    "router half@file": ["warning", ["no entrypoint"], []],
    "service s@file": ["enabled", [], ["r@file"]],
    "service u@file": ["disabled", ["no type"], []],
    "middleware m@file": ["enabled", [], ["r@file"]],
    "serversTransport t@file": ["enabled", [], ["s@file"]],
    "tlsOptions default": ["enabled", [], ["r@file"]],
  });
});
