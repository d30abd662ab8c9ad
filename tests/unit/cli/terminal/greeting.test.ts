import { expect, test } from "bun:test";
import { greeting } from "../../../../src/cli/terminal/greeting.ts";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import type { Listening } from "../../../../src/server/data-plane.ts";

test("a greeting has every entrypoint's address as a terminal makes a link of it", () => {
  const configuration = staticSchema.parse({
    entryPoints: {
      web: { address: ":80" },
      websecure: { address: ":8443", http: { tls: {} } },
      six: { address: "[::1]:81" },
      dns: { address: ":53/udp" },
    },
  });
  const at = (entryPoint: string, ip: string, port: number, network: "tcp" | "udp" = "tcp") =>
    ({ entryPoint, network, address: { ip, port } }) as Listening;
  const listening = [
    at("web", "::", 80),
    at("websecure", "0.0.0.0", 8443),
    at("six", "::1", 81),
    at("dns", "127.0.0.1", 53, "udp"),
  ];
  const lines = greeting(configuration, listening, { routers: 1, services: 2 }).split("\n");
  expect(lines[0]).toMatch(/^Sluice \S+ is running with 1 router, 2 services\. Ctrl-C ends it\.$/);
  expect(lines.slice(1)).toEqual([
    "  web        http://localhost/",
    "  websecure  https://localhost:8443/",
    "  six        http://[::1]:81/",
    "  dns        udp://127.0.0.1:53",
    "",
  ]);
});
