import { describe, expect, test } from "bun:test";
import { Deadlines } from "../../../../src/core/timers.ts";
import type { ClientTlsContext } from "../../../../src/net/tls.ts";
import { probeTargets } from "../../../../src/services/health/health-targets.ts";
import { serverAddress } from "../../../../src/services/http/server-address.ts";
import { Transport, type TransportOptions } from "../../../../src/upstream/transport.ts";
import type { UpstreamCall } from "../../../../src/upstream/upstream-call.ts";
import { UpstreamPools } from "../../../../src/upstream/upstream-pools.ts";
import { FakeDialler } from "../../net/fake-dialler.ts";

const OPTIONS = { http2: true, dialTimeout: 0, tls: { serverName: "" } } as TransportOptions;
const transport = new Transport(OPTIONS, () => ({}) as ClientTlsContext);

/** Where a call to that server is dialled. */
function dialled(server: Parameters<typeof serverAddress>[0]) {
  const dialler = new FakeDialler();
  const pools = new UpstreamPools({ connect: dialler.connect, deadlines: new Deadlines() });
  const address = serverAddress(server, false, transport);
  pools.get(address, transport).send({ request: { upgrade: "" } } as UpstreamCall);
  const { hostname, port, tls } = dialler.dials[0].options;
  return { hostname, port, serverName: tls?.serverName, authority: address.authority };
}

const preservePath = false;

describe("a server is dialled", () => {
  test("by its name", () => {
    expect(dialled({ url: "https://app:8443", preservePath })).toEqual({
      hostname: "app",
      port: 8443,
      serverName: "app",
      authority: "app:8443",
    });
  });

  test("at an address that its name was resolved to: Host and TLS go by the name", () => {
    for (const [host, hostname] of [
      ["10.0.0.1", "10.0.0.1"],
      ["[2001:db8::1]", "2001:db8::1"],
    ])
      expect(dialled({ url: `https://${host}:8443`, preservePath, name: "app" })).toEqual({
        hostname,
        port: 8443,
        serverName: "app",
        authority: "app:8443",
      });
  });

  test("at a Unix socket, whose host is localhost", () => {
    const url = "unix+h2c:///run/a.sock";
    expect(dialled({ url, preservePath })).toEqual({
      hostname: "/run/a.sock",
      port: 0,
      serverName: undefined,
      authority: "localhost",
    });
    expect(() => serverAddress({ url, preservePath: true }, true, transport)).toThrow(
      'servers.preservePath: "unix+h2c:///run/a.sock" has no path besides its socket\'s',
    );
    expect(() => serverAddress({ url, preservePath }, true, null)).toThrow("needs sockets");
  });
});

test("two names at one address have connections of their own over TLS, and share them without", () => {
  const pools = new UpstreamPools({
    connect: new FakeDialler().connect,
    deadlines: new Deadlines(),
  });
  const pool = (scheme: string, name: string) =>
    pools.get(
      serverAddress({ url: `${scheme}://10.0.0.1:8443`, preservePath, name }, true, transport),
      transport,
    );
  expect(pool("https", "a")).not.toBe(pool("https", "b"));
  expect(pool("http", "a")).toBe(pool("http", "b"));
});

test("checks ask the same place by the same name", () => {
  const targets = probeTargets(
    [{ url: "http://10.0.0.1:81", name: "app" }, { url: "unix:/run/a.sock" }],
    { path: "/health" },
  );
  expect(targets.map(({ place, scheme, url }) => [place, scheme, url.href])).toEqual([
    ["10.0.0.1", "http", "http://app:81/health"],
    ["/run/a.sock", "http", "http://localhost/health"],
  ]);
  for (const [key, value] of [
    ["port", 81],
    ["scheme", "https"],
  ] as const)
    expect(() => probeTargets([{ url: "unix:/run/a.sock" }], { [key]: value })).toThrow(
      `healthCheck.${key}: "unix:/run/a.sock" is a Unix socket, which has none`,
    );
});
