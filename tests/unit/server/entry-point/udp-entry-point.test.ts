import { describe, expect, test } from "bun:test";
import { Deadlines, now } from "../../../../src/core/timers.ts";
import type { UdpHandler, UdpReceiver, UdpSession } from "../../../../src/net/udp/udp-session.ts";
import { UdpEntryPoint } from "../../../../src/server/entry-point/udp-entry-point.ts";
import { FakeUdpNetwork } from "../../net/fake-udp.ts";

const TIMEOUT = 60_000;
const ANNA = { ip: "198.51.100.1", port: 1000 };
const BERT = { ip: "198.51.100.2", port: 1000 };
const ANNA_AGAIN = { ip: "198.51.100.1", port: 1001 };

/** A handler that serves sessions and records what happens to them. */
class Service {
  readonly sessions: UdpSession[] = [];
  /** `<session's number> <text>`, or `<number> closed`. */
  readonly events: string[] = [];

  readonly handler: UdpHandler = (session): UdpReceiver => {
    const number = this.sessions.push(session);
    return {
      received: (bytes) => this.events.push(`${number} ${new TextDecoder().decode(bytes)}`),
      closed: () => this.events.push(`${number} closed`),
    };
  };
}

async function open(limits: { maxSessions?: number; graceTimeOut?: number } = {}) {
  const network = new FakeUdpNetwork();
  const deadlines = new Deadlines();
  const logs: string[] = [];
  const entry = new UdpEntryPoint(
    {
      name: "dns",
      hostname: "",
      port: 53,
      reusePort: true,
      timeout: TIMEOUT,
      maxSessions: 100,
      requestAcceptGraceTimeout: 0,
      graceTimeOut: 0,
      ...limits,
    },
    deadlines,
    {
      debug: (message) => logs.push(`debug: ${message}`),
      warn: (message) => logs.push(`warn: ${message}`),
    },
  );
  await entry.listen(network);
  const service = new Service();
  entry.handler = service.handler;
  /** As if so many milliseconds had passed. */
  const pass = (milliseconds: number) => deadlines.sweep(now() + milliseconds);
  return { entry, socket: network.sockets[0], service, pass, logs };
}

describe("UDP entrypoint", () => {
  test("binds what it is told", async () => {
    const { entry, socket } = await open();
    expect(socket.options).toEqual({ hostname: "", port: 53, reusePort: true });
    expect(entry.address).toEqual(socket.local);
    await entry.shutdown();
    expect(entry.address).toBeUndefined();
  });

  test("a client is an address and a port, and keeps its session", async () => {
    const { entry, socket, service } = await open();
    socket.receive("a", ANNA);
    socket.receive("b", BERT);
    socket.receive("c", ANNA_AGAIN);
    socket.receive("d", { ...ANNA });
    expect(service.events).toEqual(["1 a", "2 b", "3 c", "1 d"]);
    expect(service.sessions.map(({ remote }) => remote)).toEqual([ANNA, BERT, ANNA_AGAIN]);
    expect(service.sessions[0].entryPoint).toBe("dns");
    expect(entry.sessionCount).toBe(3);
    expect(entry.datagramCount).toBe(4);
    await entry.shutdown();
  });

  test("answers go to the session's client, in any number", async () => {
    const { entry, socket, service } = await open();
    socket.receive("a", ANNA);
    socket.receive("b", BERT);
    const [anna, bert] = service.sessions;
    bert.send(new TextEncoder().encode("1"));
    anna.send(new TextEncoder().encode("2"));
    anna.send(new TextEncoder().encode("3"));
    expect(socket.sent).toEqual([
      { text: "1", to: BERT },
      { text: "2", to: ANNA },
      { text: "3", to: ANNA },
    ]);
    // The very object: it may know more than it shows.
    expect(socket.sent[1].to).toBe(anna.remote);
    await entry.shutdown();
  });

  test("a session ends when both sides have been silent for the timeout, and its client gets another", async () => {
    const { entry, socket, service, pass } = await open();
    socket.receive("a", ANNA);
    pass(TIMEOUT - 1);
    expect(service.events).toEqual(["1 a"]);
    // The clock has moved on: what is said now counts from then.
    socket.receive("b", ANNA);
    pass(TIMEOUT + 1000);
    expect(service.events).toEqual(["1 a", "1 b"]);
    service.sessions[0].send(new Uint8Array(1));
    pass(2 * TIMEOUT + 1200);
    expect(service.events).toEqual(["1 a", "1 b"]);
    pass(2 * TIMEOUT + 2000);
    expect(service.events).toEqual(["1 a", "1 b", "1 closed"]);
    expect(entry.sessionCount).toBe(0);
    service.sessions[0].send(new Uint8Array(1));
    expect(socket.sent).toHaveLength(1);
    socket.receive("c", ANNA);
    expect(service.events.at(-1)).toBe("2 c");
    await entry.shutdown();
  });

  test("who serves a session may end it, once", async () => {
    const { entry, socket, service } = await open();
    socket.receive("a", ANNA);
    service.sessions[0].close();
    service.sessions[0].close();
    expect(service.events).toEqual(["1 a", "1 closed"]);
    expect(entry.sessionCount).toBe(0);
    await entry.shutdown();
    expect(service.events).toEqual(["1 a", "1 closed"]);
  });

  test("sessions stay with whom they began over a reload; without a router there are no new ones", async () => {
    const { entry, socket, service } = await open();
    socket.receive("a", ANNA);
    const next = new Service();
    entry.handler = next.handler;
    socket.receive("b", ANNA);
    socket.receive("c", BERT);
    expect(service.events).toEqual(["1 a", "1 b"]);
    expect(next.events).toEqual(["1 c"]);
    entry.handler = null;
    socket.receive("d", ANNA_AGAIN);
    socket.receive("e", BERT);
    expect(service.events).toEqual(["1 a", "1 b"]);
    expect(next.events).toEqual(["1 c", "1 e"]);
    expect(entry.sessionCount).toBe(2);
    await entry.shutdown();
  });

  test("a session that nobody takes never was", async () => {
    const { entry, socket } = await open();
    entry.handler = () => null;
    socket.receive("a", ANNA);
    expect(entry.sessionCount).toBe(0);
    await entry.shutdown();
  });

  test("clients beyond the most sessions are refused, and the log says so once", async () => {
    const { entry, socket, service, logs } = await open({ maxSessions: 2 });
    socket.receive("a", ANNA);
    socket.receive("b", BERT);
    socket.receive("c", ANNA_AGAIN);
    socket.receive("d", ANNA_AGAIN);
    socket.receive("e", BERT);
    expect(service.events).toEqual(["1 a", "2 b", "2 e"]);
    expect(logs).toEqual([
      "warn: Too many UDP sessions: datagrams of new clients are dropped",
      "debug: Dropped a datagram: too many UDP sessions",
    ]);
    service.sessions[0].close();
    socket.receive("f", ANNA_AGAIN);
    socket.receive("g", ANNA);
    expect(service.events.slice(3)).toEqual(["1 closed", "3 f"]);
    // There was room, so that it is told again.
    expect(logs.at(-1)).toStartWith("warn: ");
    await entry.shutdown();
  });

  test("a shutdown takes no new sessions and waits for those there are", async () => {
    const { entry, socket, service } = await open({ graceTimeOut: 60_000 });
    socket.receive("a", ANNA);
    let done = false;
    const shutdown = entry.shutdown().then(() => {
      done = true;
    });
    socket.receive("b", BERT);
    socket.receive("c", ANNA);
    service.sessions[0].send(new TextEncoder().encode("answer"));
    expect(socket.texts).toEqual(["answer"]);
    expect(service.events).toEqual(["1 a", "1 c"]);
    expect(done).toBe(false);
    expect(socket.closes).toBe(0);
    service.sessions[0].close();
    await shutdown;
    expect(socket.closes).toBe(1);
  });

  test("a shutdown ends what is left after the grace time", async () => {
    const { entry, socket, service } = await open({ graceTimeOut: 30 });
    socket.receive("a", ANNA);
    await entry.shutdown();
    expect(service.events).toEqual(["1 a", "1 closed"]);
    expect(socket.closes).toBe(1);
    expect(entry.sessionCount).toBe(0);
  });

  test("an error of the socket is for debugging", async () => {
    const { entry, socket, logs } = await open();
    socket.handler.error(new Error("odd"));
    expect(logs).toEqual(["debug: A UDP socket reported an error"]);
    await entry.shutdown();
  });
});
