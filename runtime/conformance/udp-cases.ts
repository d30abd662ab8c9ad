import assert from "node:assert/strict";
import type { Address } from "../../src/net/connection.ts";
import type { Runtime } from "../../src/net/runtime.ts";
import type { DatagramHandler, UdpOptions, UdpSocket } from "../../src/net/udp/udp.ts";
import type { Case } from "./case.ts";
import { pattern, same, settle, within } from "./probe.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };
const LARGEST = 65_507;

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Datagrams. */
export const UDP_CASES: Case[] = [
  {
    name: "a datagram comes whole, and its answer goes back to where it came from",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      assert.equal(server.socket.local.ip, "127.0.0.1");
      assert.notEqual(server.socket.local.port, 0);
      assert.equal(client.send("ping"), true);
      await server.hears("ping");
      const { from } = server.received[0];
      assert.equal(from.ip, "127.0.0.1");
      assert.equal(from.port, client.socket.local.port);
      server.send("pong 1", from);
      server.send("pong 2", from);
      await client.hears("pong 1", "pong 2");
      assert.equal(client.received[0].from.ip, "127.0.0.1");
      assert.equal(client.received[0].from.port, server.socket.local.port);
    },
  },
  {
    name: "datagrams may be empty, or as large as IPv4 has them; larger ones are dropped",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      const large = pattern(LARGEST);
      assert.equal(client.socket.send(new Uint8Array(LARGEST + 1), server.socket.local), false);
      assert.equal(client.socket.send(large, server.socket.local), true);
      await server.count(1);
      assert.equal(client.socket.send(new Uint8Array(0), server.socket.local), true);
      await server.count(2);
      assert.ok(same(server.received[0].bytes, large));
      assert.equal(server.received[1].bytes.length, 0);
      assert.equal(server.socket.send(large, server.received[0].from), true);
      await client.count(1);
      assert.ok(same(client.received[0].bytes, large));
      assert.deepEqual([...server.errors, ...client.errors], []);
    },
  },
  {
    name: "received arrays are the handler's to keep, sent ones the caller's at once",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      const scratch = new Uint8Array(64);
      const expected: string[] = [];
      for (let i = 0; i < 50; i++) {
        const { written } = new TextEncoder().encodeInto(`datagram ${i}`, scratch.subarray(8));
        assert.equal(
          client.socket.send(scratch.subarray(8, 8 + written), server.socket.local),
          true,
        );
        expected.push(`datagram ${i}`);
      }
      scratch.fill(0);
      await server.hears(...expected);
      // What is kept, alone: not a small view of something large.
      for (const { bytes } of server.received) assert.ok(bytes.buffer.byteLength <= 1024);
    },
  },
  {
    name: "a socket on all addresses answers IPv4, and IPv6 where there is any",
    async run(runtime) {
      await using server = await bind(runtime, { hostname: "", port: 0 });
      const { ip, port } = server.socket.local;
      assert.ok(ip === "::" || ip === "0.0.0.0", ip);
      const hosts = ip === "::" ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
      for (const hostname of hosts) {
        await using client = await bind(runtime, ephemeral({ hostname, port }));
        client.send("x");
        await server.count(1);
        const [{ from }] = server.received.splice(0);
        assert.equal(from.ip, hostname);
        server.send("to the peer", from);
        server.send("to its address", { ip: hostname, port: from.port });
        await client.hears("to the peer", "to its address");
        assert.equal(client.received[0].from.ip, hostname);
      }
    },
  },
  {
    name: "names can be bound and connected to",
    async run(runtime) {
      await using server = await bind(runtime, { hostname: "localhost", port: 0 });
      const { ip, port } = server.socket.local;
      assert.match(ip, /^(127\.0\.0\.1|::1)$/);
      await using client = await bind(runtime, ephemeral({ hostname: "localhost", port }));
      client.send("x");
      await server.hears("x");
    },
  },
  {
    name: "what can't be bound is refused with the address and the system's code",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      const { port } = server.socket.local;
      const taken = await rejection(bind(runtime, { hostname: "127.0.0.1", port }));
      assert.equal((taken as { code?: string }).code, "EADDRINUSE");
      assert.ok(taken.message.includes(`127.0.0.1:${port}`), taken.message);
      const foreign = await rejection(bind(runtime, { hostname: "192.0.2.1", port: 0 }));
      assert.match((foreign as { code?: string }).code ?? "", /^E/);
      assert.ok(foreign.message.includes("192.0.2.1:0"), foreign.message);
      const nameless = await rejection(bind(runtime, { hostname: "nowhere.invalid", port: 53 }));
      assert.ok(nameless.message.includes("listen nowhere.invalid:53"), nameless.message);
      const peerless = ephemeral({ hostname: "nowhere.invalid", port: 53 });
      const unknown = await rejection(bind(runtime, peerless));
      assert.ok(unknown.message.includes("connect nowhere.invalid:53"), unknown.message);
      const nobody = await rejection(bind(runtime, ephemeral({ hostname: "", port: 53 })));
      assert.match(nobody.message, /no host/);
    },
  },
  {
    name: "a connected socket takes its peer's datagrams alone",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      await using stranger = await bind(runtime, LOOPBACK);
      const to = { ip: "127.0.0.1", port: client.socket.local.port };
      stranger.send("not for you", to);
      await settle();
      server.send("for you", to);
      await client.hears("for you");
    },
  },
  {
    name: "a refused port leaves the socket open",
    async run(runtime) {
      const server = await bind(runtime, LOOPBACK);
      const { local } = server.socket;
      await using client = await connect(runtime, server);
      server.socket.close();
      client.send("nobody is there");
      await settle();
      // The first may be told what became of the one before it.
      client.send("nobody is there either");
      await settle();
      for (const error of client.errors) assert.ok(error instanceof Error);
      // Deno's node:dgram says nothing of it.
      if (runtime.name === "bun") assert.ok(client.errors.length > 0);
      await using again = await bind(runtime, { hostname: local.ip, port: local.port });
      client.send("first");
      client.send("second");
      await again.until("the second datagram", () => again.texts.includes("second"));
    },
  },
  {
    name: "sending to a port that is closed doesn't disturb an unconnected socket",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      const gone = await bind(runtime, LOOPBACK);
      const { local } = gone.socket;
      gone.socket.close();
      for (let i = 0; i < 3; i++) {
        server.send("x", local);
        await settle(20);
      }
      client.send("still here");
      await server.hears("still here");
    },
  },
  {
    name: "what became of a datagram to a closed port doesn't cost another peer theirs",
    async run(runtime) {
      for (const hostname of ["127.0.0.1", ""]) {
        await using server = await bind(runtime, { hostname, port: 0 });
        const { port } = server.socket.local;
        await using client = await bind(runtime, ephemeral({ hostname: "127.0.0.1", port }));
        const to = { ip: "127.0.0.1", port: client.socket.local.port };
        const gone = await bind(runtime, LOOPBACK);
        const { local } = gone.socket;
        gone.socket.close();
        const texts = Array.from({ length: 20 }, (_, i) => `${i}`);
        for (const text of texts) {
          server.send("x", local);
          server.send(text, to);
        }
        await client.hears(...texts);
      }
    },
  },
  {
    name: "a socket may be closed within its handler, and nothing comes after",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      server.onDatagram = () => {
        if (server.received.length === 2) server.socket.close();
      };
      for (let i = 0; i < 20; i++) client.send(`${i}`);
      await server.hears("0", "1");
      await settle();
      assert.deepEqual(server.texts, ["0", "1"]);
      server.socket.close();
      assert.equal(server.socket.send(encode("x"), client.socket.local), false);
      const { port } = server.socket.local;
      await using again = await bind(runtime, { hostname: "127.0.0.1", port });
      assert.equal(again.socket.local.port, port);
    },
  },
  {
    name: "a datagram handler that throws is heard of, and the socket goes on",
    async run(runtime) {
      await using server = await bind(runtime, LOOPBACK);
      await using client = await connect(runtime, server);
      const heard: unknown[] = [];
      runtime.onUncaught((error) => heard.push(error));
      server.onDatagram = () => {
        throw new Error("thrown by a datagram's handler");
      };
      client.send("1");
      client.send("2");
      await server.hears("1", "2");
      await settle();
      assert.deepEqual(
        heard.map((error) => (error as Error).message),
        ["thrown by a datagram's handler", "thrown by a datagram's handler"],
      );
      assert.deepEqual(server.errors, []);
    },
  },
  {
    name: "reusePort shares the port, or is refused; it is never ignored",
    async run(runtime) {
      await using first = await bind(runtime, { ...LOOPBACK, reusePort: true });
      const options = { ...LOOPBACK, port: first.socket.local.port, reusePort: true };
      if (runtime.name === "deno") {
        // Deno 2.9 offers sharing to its own unstable API alone, where the last socket gets everything.
        assert.equal(
          ((await rejection(bind(runtime, options))) as { code?: string }).code,
          "EADDRINUSE",
        );
        return;
      }
      await using second = await bind(runtime, options);
      for (let i = 0; i < 64; i++) {
        await using client = await connect(runtime, first);
        client.send("x");
      }
      const total = () => first.received.length + second.received.length;
      await first.until("all datagrams", () => total() === 64, second);
      // Chance gives one of them nothing once in 2^63 times.
      assert.ok(first.received.length > 0 && second.received.length > 0);
    },
  },
];

interface Received {
  readonly bytes: Uint8Array;
  readonly from: Address;
}

/** A socket whose handler records what it is told, and that can be waited for. */
class UdpProbe implements DatagramHandler {
  readonly received: Received[] = [];
  readonly errors: Error[] = [];
  onDatagram: (() => void) | undefined;
  socket!: UdpSocket;
  private waiters: (() => void)[] = [];

  datagram(bytes: Uint8Array, from: Address): void {
    this.received.push({ bytes, from });
    for (const wake of this.waiters.splice(0)) wake();
    this.onDatagram?.();
  }

  error(error: Error): void {
    this.errors.push(error);
  }

  get texts(): string[] {
    return this.received.map(({ bytes }) => decode(bytes));
  }

  /** To the peer, where the socket is connected. */
  send(text: string, to: Address = { ip: "192.0.2.1", port: 9 }): boolean {
    return this.socket.send(encode(text), to);
  }

  async hears(...texts: string[]): Promise<void> {
    await this.count(texts.length);
    assert.deepEqual(this.texts, texts);
  }

  count(count: number): Promise<void> {
    return this.until(`${count} datagrams`, () => this.received.length >= count);
  }

  /** Looks again whenever this probe, or the other one, has received something. */
  async until(what: string, done: () => boolean, other?: UdpProbe): Promise<void> {
    const wait = async () => {
      while (!done()) {
        await new Promise<void>((resolve) => {
          this.waiters.push(resolve);
          other?.waiters.push(resolve);
        });
      }
    };
    try {
      await within(what, wait());
    } catch (error) {
      throw new Error(`${(error as Error).message}; there were ${JSON.stringify(this.texts)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
  }
}

async function bind(runtime: Runtime, options: UdpOptions): Promise<UdpProbe> {
  const probe = new UdpProbe();
  probe.socket = await runtime.bindUdp(options, probe);
  return probe;
}

function connect(runtime: Runtime, server: UdpProbe): Promise<UdpProbe> {
  const { port } = server.socket.local;
  return bind(runtime, ephemeral({ hostname: "127.0.0.1", port }));
}

function ephemeral(connect: NonNullable<UdpOptions["connect"]>): UdpOptions {
  return { hostname: "", port: 0, connect };
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was expected to be refused");
}
