import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { Deadlines } from "../../src/core/timers.ts";
import { type RelayOptions, relay } from "../../src/net/relay.ts";
import type { Runtime } from "../../src/net/runtime.ts";
import type { Case } from "./case.ts";
import { type Pair, type Probe, pair, pattern, same, sendAll, settle, within } from "./probe.ts";

/** More than a relay keeps to itself before it gives its connections to the platform. */
const MUCH = 1 << 20;
/** More than the system's buffers of two connections hold. */
const FLOOD = 48 << 20;

/** A client and a server whose connections end in a relay between them. */
interface Relayed {
  readonly client: Probe;
  readonly server: Probe;
  /** The relay's own ends. */
  readonly inner: { readonly a: Pair["server"]; readonly b: Pair["client"] };
  /** What `onClose` was called with. */
  readonly closed: Promise<[number, number]>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function relayed(runtime: Runtime, options: RelayOptions = {}): Promise<Relayed> {
  const left = await pair(runtime);
  const right = await pair(runtime);
  const { promise, resolve } = Promise.withResolvers<[number, number]>();
  const [a, b] = [left.server, right.client];
  relay(a.connection, b.connection, { ...options, onClose: (...counts) => resolve(counts) });
  return {
    client: left.client,
    server: right.server,
    inner: { a, b },
    closed: within("the relay's end", promise),
    async [Symbol.asyncDispose]() {
      left.listener.stop();
      right.listener.stop();
      for (const probe of [left.client, right.server]) probe.connection.reset();
      await Promise.all([left.client.closed(), right.server.closed()]);
    },
  };
}

/** Sends much both ways: where the platform relays by itself, it does so from then on. */
async function warm({ client, server }: Relayed): Promise<void> {
  const bytes = pattern(MUCH);
  await Promise.all([sendAll(client, bytes), sendAll(server, bytes)]);
  await server.until("all of it", () => server.received === MUCH);
  await client.until("all of it", () => client.received === MUCH);
}

/** A relay's bytes, ends and limits, before and after the platform takes it over where it can. */
export const RELAY_CASES: Case[] = [
  {
    name: "a relay carries all bytes both ways, in order, and counts them",
    async run(runtime) {
      await using ends = await relayed(runtime);
      const { client, server, closed } = ends;
      const [up, down] = [pattern(3 * MUCH + 1), pattern(5 * MUCH + 3)];
      await Promise.all([sendAll(client, up), sendAll(server, down)]);
      client.connection.shutdown();
      server.connection.shutdown();
      await Promise.all([client.ended(), server.ended()]);
      assert.ok(same(server.bytes, up) && same(client.bytes, down));
      assert.deepEqual(await closed, [up.length, down.length]);
    },
  },
  {
    name: "a relay that has carried much carries small messages at once",
    async run(runtime) {
      await using ends = await relayed(runtime);
      const { client, server } = ends;
      await warm(ends);
      for (let i = 1; i <= 100; i++) {
        client.send("ping");
        await server.until("a message", () => server.received === MUCH + 4 * i);
        server.send("pong!");
        await client.until("its answer", () => client.received === MUCH + 5 * i);
      }
      assert.ok(server.text.endsWith("ping".repeat(100)));
      assert.ok(client.text.endsWith("pong!".repeat(100)));
    },
  },
  {
    name: "a relay passes FIN on behind the bytes before it, and the other way stays open",
    async run(runtime) {
      await using ends = await relayed(runtime);
      const { client, server, closed } = ends;
      await warm(ends);
      client.send("the last words");
      client.connection.shutdown();
      await server.ended();
      assert.ok(server.text.endsWith("the last words"));
      const answer = pattern(2 * MUCH);
      await sendAll(server, answer);
      server.connection.shutdown();
      await client.ended();
      assert.ok(same(client.bytes.subarray(MUCH), answer));
      assert.deepEqual(await closed, [MUCH + 14, 3 * MUCH]);
    },
  },
  {
    name: "a relay passes a reset on as a reset, either way",
    async run(runtime) {
      for (const first of ["client", "server"] as const) {
        await using ends = await relayed(runtime);
        const { client, server, closed } = ends;
        await warm(ends);
        ends[first].connection.reset();
        await (first === "client" ? server : client).closed();
        assert.deepEqual(await closed, [MUCH, MUCH]);
        assert.notEqual((first === "client" ? server : client).error, undefined);
      }
    },
  },
  {
    name: "a relay's connections can be reset from outside",
    async run(runtime) {
      await using ends = await relayed(runtime);
      const { client, server, closed, inner } = ends;
      await warm(ends);
      inner.a.connection.reset();
      inner.b.connection.reset();
      await Promise.all([client.closed(), server.closed(), closed]);
    },
  },
  {
    name: "a relay waits for a slow reader and loses nothing",
    async run(runtime) {
      await using ends = await relayed(runtime);
      const { client, server } = ends;
      await warm(ends);
      client.connection.pause();
      const bytes = pattern(FLOOD);
      let taken = 0;
      for (let i = 0; i < 50; i++) {
        const more = server.connection.write(bytes, taken, bytes.length);
        assert.ok(more >= 0);
        taken += more;
        await settle(2);
      }
      assert.ok(taken < bytes.length, "a relay whose client doesn't read took everything");
      // The way back is free meanwhile.
      client.send("still here");
      await server.until("the other way", () => server.received === MUCH + 10);
      client.connection.resume();
      await sendAll(server, bytes.subarray(taken));
      await client.until("all", () => client.received === MUCH + FLOOD);
      assert.ok(same(client.bytes.subarray(MUCH), bytes));
    },
  },
  {
    name: "a relay's idleTimeout closes both, and bytes put it off",
    async run(runtime) {
      const deadlines = new Deadlines(20);
      await using ends = await relayed(runtime, { idleTimeout: 400, deadlines });
      const { client, server, closed } = ends;
      await warm(ends);
      for (let i = 0; i < 8; i++) {
        await settle(100);
        server.send(".");
      }
      assert.equal(client.closes + client.ends, 0);
      await Promise.all([client.ended(), server.ended(), closed]);
    },
  },
  {
    name: "a relay's terminationDelay closes what one side leaves open",
    async run(runtime) {
      const deadlines = new Deadlines(20);
      await using ends = await relayed(runtime, { terminationDelay: 100, deadlines });
      const { client, server, closed } = ends;
      await warm(ends);
      server.connection.shutdown();
      await client.ended();
      await closed;
      await server.ended();
    },
  },
  {
    name: "a relay leaves no descriptor behind",
    async run(runtime) {
      const directory = "/proc/self/fd";
      if (!existsSync(directory)) return;
      const round = async () => {
        await using ends = await relayed(runtime);
        await warm(ends);
        ends.client.connection.reset();
        await ends.closed;
      };
      // The first one makes what all share.
      await round();
      const before = readdirSync(directory).length;
      for (let i = 0; i < 30; i++) await round();
      await settle(100);
      const after = readdirSync(directory).length;
      assert.ok(after < before + 10, `${before} descriptors before 30 relays, ${after} after`);
    },
  },
];
