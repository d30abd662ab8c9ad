import { describe, expect, test } from "bun:test";
import type { UdpReceiver, UdpSession } from "../../../../src/net/udp/udp-session.ts";
import { UdpProxies } from "../../../../src/services/udp/udp-proxy.ts";
import { FakeUdpNetwork, turn } from "../../net/fake-udp.ts";

const SERVER = { hostname: "dns.example", port: 5353 };
const encode = (text: string) => new TextEncoder().encode(text);

/** A session as an entrypoint has them, with one client for each test. */
class FakeSession implements UdpSession {
  readonly remote = { ip: "198.51.100.1", port: 1000 };
  readonly entryPoint = "dns";
  readonly answers: string[] = [];
  receiver: UdpReceiver | null = null;
  closes = 0;

  send(bytes: Uint8Array): void {
    this.answers.push(new TextDecoder().decode(bytes));
  }

  close(): void {
    if (this.closes++ === 0) this.receiver!.closed();
  }

  say(text: string): void {
    this.receiver!.received(encode(text));
  }
}

function setUp() {
  const network = new FakeUdpNetwork();
  const logs: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const log =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      logs.push({ level, message, fields });
    };
  const proxies = new UdpProxies(network.bindUdp, { debug: log("debug"), error: log("error") });
  const handler = proxies.to(SERVER);
  const begin = () => {
    const session = new FakeSession();
    session.receiver = handler(session);
    return session;
  };
  return { network, logs, proxies, begin };
}

describe("UDP proxy", () => {
  test("each session has a connected socket of its own", async () => {
    const { network, begin } = setUp();
    const [one, two] = [begin(), begin()];
    await turn();
    expect(network.sockets.map(({ options }) => options)).toEqual([
      { hostname: "", port: 0, connect: SERVER },
      { hostname: "", port: 0, connect: SERVER },
    ]);
    one.say("1");
    two.say("2");
    one.say("3");
    expect(network.sockets.map(({ texts }) => texts)).toEqual([["1", "3"], ["2"]]);
    network.sockets[0].receive("answer 1");
    network.sockets[0].receive("answer 2");
    network.sockets[1].receive("answer 3");
    expect(one.answers).toEqual(["answer 1", "answer 2"]);
    expect(two.answers).toEqual(["answer 3"]);
    one.close();
    expect(network.sockets.map(({ closes }) => closes)).toEqual([1, 0]);
  });

  test("what comes while the socket opens waits, in order and in bounds", async () => {
    const { network, proxies, begin } = setUp();
    network.stalled = true;
    const session = begin();
    const all = Array.from({ length: 40 }, (_, i) => `${i}`);
    for (const text of all) session.say(text);
    expect(proxies.opening).toBe(1);
    expect(proxies.waitingBytes).toBe(all.slice(0, 16).join("").length);
    await network.release();
    expect(network.sockets[0].texts).toEqual(all.slice(0, 16));
    expect(proxies.opening).toBe(0);
    expect(proxies.waitingBytes).toBe(0);
    session.say("later");
    expect(network.sockets[0].texts.at(-1)).toBe("later");
  });

  test("all that wait together is bounded", async () => {
    const { network, proxies, begin } = setUp();
    network.stalled = true;
    const large = new Uint8Array(65_507);
    const sessions = Array.from({ length: 20 }, begin);
    for (const session of sessions) for (let i = 0; i < 16; i++) session.receiver!.received(large);
    expect(proxies.waitingBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(proxies.waitingBytes).toBeGreaterThan(15 * 1024 * 1024);
    for (const session of sessions) session.close();
    expect(proxies.waitingBytes).toBe(0);
    // The sockets that no session waits for still count until they are there, and are closed then.
    expect(proxies.opening).toBe(20);
    await network.release();
    expect(proxies.opening).toBe(0);
    expect(network.sockets.map(({ closes }) => closes)).toEqual(Array(20).fill(1));
    expect(network.sockets.flatMap(({ texts }) => texts)).toEqual([]);
  });

  test("so many sockets open at a time; further sessions are dropped", async () => {
    const { network, logs, begin } = setUp();
    network.stalled = true;
    for (let i = 0; i < 1024; i++) expect(begin().receiver).not.toBeNull();
    expect(begin().receiver).toBeNull();
    expect(logs.map(({ message }) => message)).toEqual(["Too many UDP sockets are opening"]);
    await network.release();
    network.stalled = false;
    expect(begin().receiver).not.toBeNull();
  });

  test("a server that can't be dialled ends the session, and the log names both", async () => {
    const { network, logs, proxies, begin } = setUp();
    network.stalled = true;
    const session = begin();
    session.say("x");
    const error = new Error("no such host");
    await network.fail(error);
    expect(session.closes).toBe(1);
    expect(proxies.opening).toBe(0);
    expect(proxies.waitingBytes).toBe(0);
    expect(logs).toEqual([
      {
        level: "error",
        message: "Error while dialing a UDP server",
        fields: {
          entryPointName: "dns",
          client: "198.51.100.1:1000",
          serverAddress: "dns.example:5353",
          error,
        },
      },
    ]);
  });

  test("a server that refuses ends the session; of many in a second one is an error", async () => {
    const { network, logs, begin } = setUp();
    const sessions = [begin(), begin(), begin()];
    await turn();
    for (const socket of network.sockets) socket.handler.error(new Error("refused"));
    expect(sessions.map(({ closes }) => closes)).toEqual([1, 1, 1]);
    expect(network.sockets.map(({ closes }) => closes)).toEqual([1, 1, 1]);
    expect(logs.map(({ level }) => level)).toEqual(["error", "debug", "debug"]);
  });
});
