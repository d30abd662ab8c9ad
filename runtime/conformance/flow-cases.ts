import assert from "node:assert/strict";
import type { Case } from "./case.ts";
import { pair, pattern, readSlowly, same, sendAll, settle } from "./probe.ts";

/** More than the system's buffers on both ends hold. */
const FLOOD = 32 << 20;

/** Backpressure, both ways. */
export const FLOW_CASES: Case[] = [
  {
    name: "a full connection takes less than all, then drains",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.connection.pause();
      const bytes = pattern(FLOOD);
      const taken = client.connection.write(bytes);
      assert.ok(taken > 0 && taken < bytes.length, `it took ${taken} of ${bytes.length} bytes`);
      // It may go on taking for a moment, but not everything.
      let total = taken;
      for (let i = 0; i < 50; i++) {
        const more = client.connection.write(bytes, total, bytes.length);
        assert.ok(more >= 0);
        total += more;
        await settle(2);
      }
      assert.ok(total < bytes.length, "a connection that nobody reads took everything");
      server.connection.resume();
      await client.until("drain", () => client.drains > 0);
    },
  },
  {
    name: "a slow reader gets every byte in order",
    async run(runtime) {
      await using ends = await pair(runtime);
      await readSlowly(ends, pattern(8 << 20));
    },
  },
  {
    name: "arrays that are given back disturb nothing that comes behind them",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const bytes = pattern(8 << 20);
      let at = 0;
      server.onData = (chunk) => {
        assert.ok(same(chunk, bytes.subarray(at, at + chunk.length)), `other bytes behind ${at}`);
        at += chunk.length;
        server.connection.recycle(chunk);
      };
      await sendAll(client, bytes);
      await server.until("all", () => server.received === bytes.length);
      assert.equal(at, bytes.length);
    },
  },
  {
    name: "both directions are full at once and lose nothing",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const bytes = pattern(FLOOD / 2);
      await Promise.all([sendAll(client, bytes), sendAll(server, bytes)]);
      await server.until("all", () => server.received === bytes.length);
      await client.until("all", () => client.received === bytes.length);
      assert.ok(same(server.bytes, bytes) && same(client.bytes, bytes));
    },
  },
  {
    name: "no drain without a write that took less than all",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.send("a");
      client.connection.pause();
      client.connection.resume();
      server.connection.shutdown();
      await client.ended();
      await settle();
      assert.equal(client.drains, 0);
      assert.equal(server.drains, 0);
    },
  },
  {
    name: "nothing arrives while paused, and all of it afterwards",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.send("1");
      await server.hears("1");
      server.connection.pause();
      server.connection.pause();
      client.send("2");
      client.connection.shutdown();
      await settle();
      assert.deepEqual(server.events, ["data"]);
      assert.equal(server.text, "1");
      server.connection.resume();
      assert.equal(server.text, "1", "resume called its handler before it returned");
      await server.ended();
      assert.equal(server.text, "12");
      assert.equal(server.ends, 1);
    },
  },
  {
    name: "pause in the middle of a flood holds at once",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      let paused = false;
      server.onData = () => {
        assert.ok(!paused, "data while paused");
        paused = true;
        server.connection.pause();
      };
      const bytes = pattern(FLOOD / 4);
      const sent = sendAll(client, bytes);
      for (let i = 0; i < 5; i++) {
        await server.until("data", () => paused);
        await settle(5);
        paused = false;
        server.connection.resume();
      }
      server.onData = undefined;
      server.connection.resume();
      await sent;
      client.connection.shutdown();
      await server.ended();
      assert.ok(same(server.bytes, bytes));
    },
  },
  {
    name: "a paused connection writes and drains",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      client.connection.pause();
      server.send("for later");
      const bytes = pattern(FLOOD / 4);
      await sendAll(client, bytes);
      await server.until("all", () => server.received === bytes.length);
      assert.equal(client.received, 0);
      client.connection.resume();
      await client.hears("for later");
    },
  },
  {
    name: "a handler that takes over while paused gets what is held back",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const { connection } = server;
      connection.pause();
      client.send("for the heir");
      client.connection.shutdown();
      await settle();
      const seen: string[] = [];
      connection.handler = {
        data: (chunk) => void seen.push(new TextDecoder().decode(chunk)),
        drain() {},
        end: () => {
          seen.push("end");
          connection.handler = server;
          connection.close();
        },
        close() {},
      };
      connection.resume();
      await server.closed();
      assert.deepEqual(seen, ["for the heir", "end"]);
      assert.deepEqual(server.events, ["close"]);
    },
  },
  {
    name: "bytes and FIN received before a reset come before it",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.connection.pause();
      client.send("last words");
      await settle();
      client.connection.reset();
      await settle();
      server.connection.resume();
      await server.closed();
      assert.equal(server.text, "last words");
      assert.deepEqual(server.events, ["data", "close"]);
      assert.ok(server.error instanceof Error);
    },
  },
  {
    name: "closing a paused connection drops what it held back",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.connection.pause();
      client.send("never read");
      await settle();
      server.connection.close();
      await server.closed();
      server.connection.resume();
      await settle();
      assert.deepEqual(server.events, ["close"]);
    },
  },
];
