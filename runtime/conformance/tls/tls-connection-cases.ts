import assert from "node:assert/strict";
import type { Case } from "../case.ts";
import { pattern, readSlowly, same, sendAll, settle } from "../probe.ts";
import { tlsPair } from "./tls-probe.ts";

const LARGE = 8 << 20;

/** Connections over TLS: the same promises as those of plain ones. */
export const TLS_CONNECTION_CASES: Case[] = [
  {
    name: "TLS: bytes go both ways, and both sides know what was agreed on",
    async run(runtime) {
      await using ends = await tlsPair(runtime, {}, {}, "Server.TEST");
      const { client, server, plain } = ends;
      client.send("ping");
      await server.hears("ping");
      server.send("pong");
      await client.hears("pong");
      const { tls } = server.connection;
      assert.equal(tls?.version, "1.3");
      assert.match(tls.cipher, /^TLS_(AES|CHACHA20)_[A-Z0-9_]+$/);
      assert.equal(tls.serverName, "server.test");
      assert.equal(tls.alpn, "");
      assert.equal(tls.peerCertificate, null);
      assert.equal(client.connection.tls?.cipher, tls.cipher);
      assert.ok(client.connection.tls.peerCertificate!.length > 300);
      assert.deepEqual(server.connection.remote, client.connection.local);
      assert.deepEqual(server.connection.local, client.connection.remote);
      assert.deepEqual(server.connection.remote, plain.remote);
    },
  },
  {
    name: "TLS: version 1.2 by choice of either side, with the suite's IANA name",
    async run(runtime) {
      for (const sides of [
        [{ maxVersion: "1.2" }, {}],
        [{}, { maxVersion: "1.2" }],
      ] as const) {
        await using ends = await tlsPair(runtime, ...sides);
        const { tls } = ends.server.connection;
        assert.equal(tls?.version, "1.2");
        assert.match(tls.cipher, /^TLS_ECDHE_ECDSA_WITH_[A-Z0-9_]+$/);
        assert.deepEqual(ends.client.connection.tls?.cipher, tls.cipher);
      }
    },
  },
  {
    name: "TLS: the plain connection is closed from the handshake on, and hears of nothing",
    async run(runtime) {
      const { client, server, plain } = await tlsPair(runtime);
      const told: string[] = [];
      plain.handler = {
        data: () => told.push("data"),
        drain: () => told.push("drain"),
        end: () => told.push("end"),
        close: () => told.push("close"),
      };
      assert.equal(plain.closed, true);
      assert.equal(plain.write(new Uint8Array(3)), -1);
      plain.pause();
      plain.resume();
      plain.shutdown();
      plain.close();
      plain.reset();
      client.send("secret");
      await server.hears("secret");
      client.connection.close();
      await server.ended();
      server.connection.close();
      await Promise.all([client.closed(), server.closed()]);
      await settle();
      assert.deepEqual(told, []);
    },
  },
  {
    name: "TLS: write takes a range, and arrays are plain and their owner's",
    async run(runtime) {
      await using ends = await tlsPair(runtime);
      const { client, server } = ends;
      const bytes = new TextEncoder().encode("..range..");
      const chunks: Uint8Array[] = [];
      server.onData = (chunk) => chunks.push(chunk);
      assert.equal(client.connection.write(bytes, 2, 7), 5);
      assert.equal(client.connection.write(bytes, 4, 4), 0);
      bytes.fill(0x21);
      assert.equal(client.connection.write(bytes, 8), 1);
      await server.hears("range!");
      assert.equal(chunks[0].constructor, Uint8Array);
      client.send("more");
      await server.hears("range!more");
      assert.equal(new TextDecoder().decode(chunks[0]).slice(0, 5), "range");
    },
  },
  {
    name: "TLS: the end of one direction leaves the other open, from either side",
    async run(runtime) {
      for (const side of ["client", "server"] as const) {
        for (const maxVersion of ["1.2", "1.3"] as const) {
          await using ends = await tlsPair(runtime, { maxVersion });
          const first = ends[side];
          const second = side === "client" ? ends.server : ends.client;
          first.send("question");
          first.connection.shutdown();
          assert.equal(first.connection.write(new Uint8Array(1)), -1);
          await second.ended();
          assert.equal(second.text, "question");
          await settle();
          assert.equal(second.closes, 0);
          second.send("answer");
          await first.hears("answer");
          second.connection.shutdown();
          await Promise.all([first.closed(), second.closed()]);
          assert.deepEqual(first.events, ["data", "end", "close"]);
          assert.deepEqual(second.events, ["data", "end", "close"]);
          assert.deepEqual([first.error, second.error], [undefined, undefined]);
        }
      }
    },
  },
  {
    name: "TLS: close comes behind everything that was taken",
    async run(runtime) {
      const bytes = pattern(LARGE);
      for (const side of ["client", "server"] as const) {
        await using ends = await tlsPair(runtime);
        const first = ends[side];
        const second = side === "client" ? ends.server : ends.client;
        second.connection.pause();
        setTimeout(() => second.connection.resume(), 20);
        await sendAll(first, bytes);
        first.connection.close();
        await second.ended();
        assert.ok(same(second.bytes, bytes), `${second.received} of ${bytes.length} bytes`);
        second.connection.close();
        await second.closed();
        assert.deepEqual(second.events, ["data", "end", "close"]);
        assert.equal(second.error, undefined);
      }
    },
  },
  {
    name: "TLS: a slow reader gets every byte in order",
    async run(runtime) {
      await using ends = await tlsPair(runtime);
      await readSlowly(ends, pattern(LARGE));
    },
  },
  {
    name: "TLS: both directions are full at once and lose nothing, on several connections",
    async run(runtime) {
      const bytes = pattern(LARGE / 2);
      const run = async () => {
        await using ends = await tlsPair(runtime);
        const { client, server } = ends;
        await Promise.all([sendAll(client, bytes), sendAll(server, bytes)]);
        await server.until("all", () => server.received === bytes.length);
        await client.until("all", () => client.received === bytes.length);
        assert.ok(same(server.bytes, bytes) && same(client.bytes, bytes));
      };
      await Promise.all([run(), run(), run(), run()]);
    },
  },
  {
    name: "TLS: what wasn't taken isn't sent, and may be something else the next time",
    async run(runtime) {
      // Several that are full at once: each has its own bytes on the way.
      const pairs = await Promise.all([tlsPair(runtime), tlsPair(runtime), tlsPair(runtime)]);
      const sent: Uint8Array[] = [];
      for (const [i, { client, server }] of pairs.entries()) {
        server.connection.pause();
        const bytes = new Uint8Array(16 << 20).fill(i + 1);
        let total = 0;
        for (let idle = 0; idle < 5; ) {
          const taken = client.connection.write(bytes, total, bytes.length);
          assert.ok(taken >= 0);
          total += taken;
          idle = taken === 0 ? idle + 1 : 0;
          await settle(2);
        }
        assert.ok(total < bytes.length, "a connection that nobody reads took everything");
        sent.push(bytes.subarray(0, total));
      }
      await Promise.all(
        pairs.map(async ({ client, server }, i) => {
          // Shorter, and other bytes, than those that were refused.
          client.onDrain = () => {
            client.onDrain = undefined;
            client.send("the end");
            client.connection.shutdown();
          };
          server.connection.resume();
          await server.ended();
          assert.equal(server.received, sent[i].length + 7);
          assert.ok(same(server.bytes.subarray(0, sent[i].length), sent[i]));
          assert.equal(new TextDecoder().decode(server.bytes.subarray(sent[i].length)), "the end");
          server.connection.close();
          await client.closed();
        }),
      );
    },
  },
  {
    name: "TLS: a reset closes the other side",
    async run(runtime) {
      for (const side of ["client", "server"] as const) {
        await using ends = await tlsPair(runtime);
        const first = ends[side];
        const second = side === "client" ? ends.server : ends.client;
        first.connection.reset();
        assert.equal(first.connection.closed, true);
        assert.equal(first.connection.write(new Uint8Array(1)), -1);
        await Promise.all([first.closed(), second.closed()]);
        assert.deepEqual(first.events, ["close"]);
        assert.equal(second.closes, 1);
      }
    },
  },
  {
    name: "TLS: a handler that throws loses its connection, and nobody else theirs",
    async run(runtime) {
      const thrown: string[] = [];
      runtime.onUncaught((error) => thrown.push((error as Error).message));
      for (const event of ["data", "end"] as const) {
        await using bystander = await tlsPair(runtime);
        await using ends = await tlsPair(runtime);
        const { client, server } = ends;
        server[event] = () => {
          throw new Error(`in ${event}`);
        };
        client.send("x");
        if (event === "end") client.connection.shutdown();
        await Promise.all([server.closed(), client.closed()]);
        await settle(5);
        assert.deepEqual(thrown.splice(0), [`in ${event}`]);
        bystander.client.send("fine");
        await bystander.server.hears("fine");
      }
    },
  },
];
