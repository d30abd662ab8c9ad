import { describe, expect, test } from "bun:test";
import { Deadlines, now } from "../../../../src/core/timers.ts";
import type { ClientTlsContext } from "../../../../src/net/tls.ts";
import { type TcpServer, tcpProxy } from "../../../../src/services/tcp/tcp-proxy.ts";
import { silentLogger } from "../../core/silent-logger.ts";
import { FakeAccepted } from "../../net/fake-accepted.ts";
import { counting } from "../../net/fake-connection.ts";
import { FakeDialler } from "../../net/fake-dialler.ts";

const SERVER: TcpServer = {
  hostname: "db.test",
  port: 5432,
  dialTimeout: 30_000,
  terminationDelay: 100,
  proxyProtocol: undefined,
  tls: undefined,
};

function proxied(server: Partial<TcpServer> = {}, early?: Uint8Array) {
  const dialler = new FakeDialler();
  const deadlines = new Deadlines();
  const errors: unknown[] = [];
  const logger = silentLogger({
    error: (message, fields) => void errors.push({ message, ...fields }),
  });
  const accepted = new FakeAccepted("192.0.2.7", early);
  const { connect } = dialler;
  tcpProxy({ ...SERVER, ...server }, { connect, deadlines, logger })(accepted);
  const [dial] = dialler.dials;
  return { accepted, client: accepted.connection, dial, deadlines, errors };
}

describe("the dial", () => {
  test("goes to the server, with its TLS", () => {
    const tls = { context: {} as ClientTlsContext, serverName: "name.test" };
    expect(proxied({ tls }).dial.options).toEqual({
      hostname: "db.test",
      port: 5432,
      preface: undefined,
      tls,
    });
  });

  test("says who the client is before anything else where the server wants to know", () => {
    const { dial } = proxied({ proxyProtocol: 1 }, counting(3));
    expect(new TextDecoder().decode(dial.options.preface)).toBe(
      "PROXY TCP4 192.0.2.7 192.0.2.2 4711 443\r\n",
    );
    expect(proxied({ proxyProtocol: 2 }).dial.options.preface).toHaveLength(28);
    expect(dial.connects().sent).toEqual(counting(3));
  });

  test("what the client sends meanwhile reaches the server in order, its FIN too", () => {
    const { client, dial } = proxied({}, counting(5));
    client.handler.data(counting(5, 5));
    client.handler.data(counting(5, 10));
    client.handler.end();
    const upstream = dial.connects();
    expect(upstream.sent).toEqual(counting(15));
    expect(upstream.calls).toEqual(["shutdown"]);
    upstream.handler.data(counting(4));
    expect(client.sent).toEqual(counting(4));
  });

  test("a client that sends much meanwhile waits", () => {
    const { client, dial } = proxied();
    client.handler.data(counting(64 * 1024 - 1));
    expect(client.paused).toBe(false);
    client.handler.data(counting(1));
    expect(client.paused).toBe(true);
    dial.connects();
    expect(client.paused).toBe(false);
  });

  test("one that fails closes the client, and the log says which server", async () => {
    const { accepted, client, dial, errors } = proxied();
    dial.fails();
    expect(client.calls).toEqual(["close"]);
    await Promise.resolve();
    expect(accepted.over).toBe(1);
    expect(errors).toEqual([
      {
        message: "Error while dialing the server",
        address: "db.test:5432",
        remote: "192.0.2.7",
        error: "connection refused",
      },
    ]);
  });

  test("an IPv6 address is in brackets in the log", () => {
    const { dial, errors } = proxied({ hostname: "2001:db8::1" });
    dial.fails();
    expect(errors).toMatchObject([{ address: "[2001:db8::1]:5432" }]);
  });

  test("one that takes longer than the dialTimeout is given up", async () => {
    const { accepted, client, dial, deadlines, errors } = proxied();
    deadlines.sweep(now() + 29_000);
    expect(dial.cancelled).toBe(false);
    deadlines.sweep(now() + 31_000);
    expect(dial.cancelled).toBe(true);
    expect(client.calls).toEqual(["close"]);
    await Promise.resolve();
    expect(accepted.over).toBe(1);
    expect(errors).toHaveLength(1);
  });

  test("without a dialTimeout it takes as long as it takes", () => {
    const { dial, deadlines } = proxied({ dialTimeout: 0 });
    deadlines.sweep(now() + 1e9);
    expect(dial.cancelled).toBe(false);
  });

  test("a client that goes away takes it back", () => {
    const { accepted, client, dial, errors } = proxied();
    client.fail(new Error("ECONNRESET"));
    expect(dial.cancelled).toBe(true);
    expect(accepted.over).toBe(1);
    expect(errors).toEqual([]);
  });

  test("a shutdown whose grace time is over takes it back", async () => {
    const { accepted, client, dial } = proxied();
    accepted.cut();
    expect(dial.cancelled).toBe(true);
    expect(client.calls).toEqual(["reset"]);
    await Promise.resolve();
    expect(accepted.over).toBe(1);
  });
});

describe("joined", () => {
  test("the connection is over when both sides are, once", async () => {
    const { accepted, client, dial } = proxied();
    const upstream = dial.connects();
    upstream.handler.end();
    expect(client.calls).toEqual(["shutdown"]);
    expect(accepted.over).toBe(0);
    client.handler.end();
    await Promise.resolve();
    expect([client.closed, upstream.closed]).toEqual([true, true]);
    expect(accepted.over).toBe(1);
  });

  test("after the dialTimeout it goes on", () => {
    const { client, dial, deadlines } = proxied({ terminationDelay: -1 });
    const upstream = dial.connects();
    deadlines.sweep(now() + 1e9);
    upstream.handler.data(counting(2));
    expect(client.sent).toEqual(counting(2));
  });

  for (const side of ["the client", "the server"])
    test(`a reset by ${side} reaches the other`, async () => {
      const { accepted, client, dial } = proxied();
      const upstream = dial.connects();
      const [from, to] = side === "the client" ? [client, upstream] : [upstream, client];
      from.fail(new Error("ECONNRESET"));
      expect(to.calls).toEqual(["reset"]);
      await Promise.resolve();
      expect(accepted.over).toBe(1);
    });

  test("a shutdown whose grace time is over resets both", async () => {
    const { accepted, client, dial } = proxied();
    const upstream = dial.connects();
    accepted.cut();
    await Promise.resolve();
    expect([client.calls, upstream.calls]).toEqual([["reset"], ["reset"]]);
    expect(accepted.over).toBe(1);
  });

  test("once one side is done, the other has the terminationDelay", async () => {
    const { accepted, client, dial, deadlines } = proxied({ terminationDelay: 5000 });
    const upstream = dial.connects();
    client.handler.end();
    deadlines.sweep(now() + 4000);
    upstream.handler.data(counting(3));
    expect(client.sent).toEqual(counting(3));
    deadlines.sweep(now() + 6000);
    await Promise.resolve();
    expect([client.closed, upstream.closed]).toEqual([true, true]);
    expect(accepted.over).toBe(1);
  });

  test("a negative terminationDelay is none", () => {
    const { client, dial, deadlines } = proxied({ terminationDelay: -1 });
    const upstream = dial.connects();
    client.handler.end();
    deadlines.sweep(now() + 1e9);
    expect(upstream.closed).toBe(false);
  });
});
