import assert from "node:assert/strict";
import type { Case } from "./case.ts";
import { dial, pair, pattern, same, sendAll, settle, within } from "./probe.ts";

/** How a connection begins, carries bytes and ends. */
export const CONNECTION_CASES: Case[] = [
  {
    name: "bytes go both ways",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.send("ping");
      await server.hears("ping");
      server.send("pong");
      await client.hears("pong");
    },
  },
  {
    name: "write takes a range, and the array is the caller's again",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const bytes = new TextEncoder().encode("..range..");
      assert.equal(client.connection.write(bytes, 2, 7), 5);
      bytes.fill(0x21);
      assert.equal(client.connection.write(bytes, 4, 4), 0);
      assert.equal(client.connection.write(bytes, 8), 1);
      await server.hears("range!");
    },
  },
  {
    name: "what `data` is given is a plain array, and stays as it is",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const chunks: Uint8Array[] = [];
      server.onData = (chunk) => chunks.push(chunk);
      for (let i = 0; i < 5; i++) {
        client.send(`chunk ${i}`);
        await server.until("a chunk", () => server.received === (i + 1) * 7);
      }
      // A Buffer would pass for one, until code takes a slice of it.
      assert.equal(chunks[0].constructor, Uint8Array);
      assert.equal(
        chunks.map((chunk) => new TextDecoder().decode(chunk)).join(),
        "chunk 0,chunk 1,chunk 2,chunk 3,chunk 4",
      );
    },
  },
  {
    name: "addresses are canonical, mirror each other and outlive the connection",
    async run(runtime) {
      const { client, server, listener } = await pair(runtime, { hostname: "", port: 0 });
      client.connection.reset();
      await server.closed();
      listener.stop();
      assert.equal(client.connection.remote.ip, "127.0.0.1");
      assert.equal(client.connection.remote.port, listener.address.port);
      assert.deepEqual(server.connection.local, client.connection.remote);
      assert.deepEqual(server.connection.remote, client.connection.local);
      assert.ok(client.connection.local.port > 0);
    },
  },
  {
    name: "FIN leaves the other direction open, from the client",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.send("question");
      client.connection.shutdown();
      await server.ended();
      assert.equal(server.text, "question");
      await settle();
      assert.equal(server.closes, 0);
      server.send("answer");
      await client.hears("answer");
      assert.equal(client.closes, 0);
      server.connection.shutdown();
      await client.closed();
      await server.closed();
      assert.deepEqual(client.events, ["data", "end", "close"]);
      assert.deepEqual(server.events, ["data", "end", "close"]);
      assert.equal(client.error, undefined);
      assert.equal(server.error, undefined);
    },
  },
  {
    name: "FIN leaves the other direction open, from the server",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.send("greeting");
      server.connection.shutdown();
      await client.ended();
      client.send("farewell");
      await server.hears("farewell");
      client.connection.close();
      await server.closed();
      await client.closed();
      assert.deepEqual(server.events, ["data", "end", "close"]);
      assert.deepEqual(client.events, ["data", "end", "close"]);
    },
  },
  {
    name: "nothing is written after shutdown",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.connection.shutdown();
      client.connection.shutdown();
      assert.equal(client.connection.write(new Uint8Array(3)), -1);
      await server.ended();
      assert.equal(server.received, 0);
      assert.equal(client.connection.closed, false);
    },
  },
  {
    name: "close and shutdown come behind everything that was taken",
    async run(runtime) {
      for (const how of ["close", "shutdown"] as const) {
        await using ends = await pair(runtime);
        const { client, server } = ends;
        server.connection.pause();
        const bytes = pattern(8 << 20);
        const taken = client.connection.write(bytes);
        assert.ok(taken > 0);
        client.connection[how]();
        await settle();
        server.connection.resume();
        await server.ended();
        assert.ok(same(server.bytes, bytes.subarray(0, taken)));
      }
    },
  },
  {
    name: "close is told once, last, and not from inside the call",
    async run(runtime) {
      for (const how of ["close", "reset"] as const) {
        await using ends = await pair(runtime);
        const { client, server } = ends;
        server.send("x");
        await client.hears("x");
        client.connection[how]();
        assert.equal(client.closes, 0);
        assert.equal(client.connection.closed, true);
        server.send("too late");
        await client.closed();
        await settle();
        assert.deepEqual(client.events, ["data", "close"]);
        assert.equal(client.closes, 1);
        assert.equal(client.error, undefined);
      }
    },
  },
  {
    name: "after close all methods do nothing",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client } = ends;
      const { connection } = client;
      connection.close();
      connection.close();
      assert.equal(connection.write(new Uint8Array(1)), -1);
      await client.closed();
      assert.equal(connection.write(new Uint8Array(1)), -1);
      connection.pause();
      connection.resume();
      connection.shutdown();
      connection.close();
      connection.reset();
      await settle();
      assert.deepEqual(client.events, ["close"]);
    },
  },
  {
    name: "a reset is an error at the other end",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.connection.reset();
      await server.closed();
      assert.deepEqual(server.events, ["close"]);
      assert.ok(server.error instanceof Error);
      assert.equal(server.connection.closed, true);
      assert.equal(server.connection.write(new Uint8Array(1)), -1);
    },
  },
  {
    name: "reset drops what wasn't sent",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.connection.pause();
      const bytes = pattern(32 << 20);
      const taken = client.connection.write(bytes);
      client.connection.reset();
      await settle();
      server.connection.resume();
      await server.closed();
      assert.ok(server.error instanceof Error);
      assert.ok(server.received <= taken);
    },
  },
  {
    name: "the handler can be replaced at any byte",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const heirs: string[] = [];
      const { connection } = server;
      // Each reads one byte and hands the rest to the next, as a peek does.
      const handler = () => ({
        data(chunk: Uint8Array) {
          heirs.push(String.fromCharCode(chunk[0]));
          const next = handler();
          connection.handler = next;
          if (chunk.length > 1) next.data(chunk.subarray(1));
        },
        drain() {},
        end() {
          heirs.push("end");
        },
        close() {
          server.close();
        },
      });
      connection.handler = handler();
      client.send("abc");
      await settle(5);
      client.send("def");
      client.connection.shutdown();
      await within(
        "the last heir",
        until(() => heirs.at(-1) === "end"),
      );
      assert.equal(heirs.join(""), "abcdefend");
    },
  },
  {
    name: "two hundred connections at once",
    async run(runtime) {
      const listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => ({
        data: (chunk) => void connection.write(chunk),
        drain() {},
        end: () => connection.close(),
        close() {},
      }));
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const client = await dial(runtime, listener.address.port);
          await sendAll(client, new TextEncoder().encode(`number ${i}`));
          await client.hears(`number ${i}`);
          client.connection.shutdown();
          await client.closed();
          assert.equal(client.error, undefined);
        }),
      );
      listener.stop();
    },
  },
];

async function until(done: () => boolean): Promise<void> {
  while (!done()) await settle(2);
}
