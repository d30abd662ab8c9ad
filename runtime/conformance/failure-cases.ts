import assert from "node:assert/strict";
import type { ConnectionHandler } from "../../src/net/connection.ts";
import type { Runtime } from "../../src/net/runtime.ts";
import type { Case } from "./case.ts";
import { Probe, pair, settle, within } from "./probe.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

/** What becomes of handlers that throw. */
export const FAILURE_CASES: Case[] = [
  {
    name: "a handler that throws loses its connection, and nobody else theirs",
    async run(runtime) {
      const thrown = collect(runtime);
      for (const event of ["data", "end"] as const) {
        await using bystander = await pair(runtime);
        await using ends = await pair(runtime);
        const { client, server } = ends;
        server[event] = () => {
          throw new Error(`in ${event}`);
        };
        client.send("x");
        if (event === "end") client.connection.shutdown();
        await server.closed();
        await client.closed();
        await settle(5);
        assert.deepEqual(thrown.splice(0), [`in ${event}`]);
        assert.equal(server.closes, 1);
        bystander.client.send("fine");
        await bystander.server.hears("fine");
      }
    },
  },
  {
    name: "a handler that throws in drain is reset",
    async run(runtime) {
      const thrown = collect(runtime);
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.connection.pause();
      client.onDrain = () => {
        throw new Error("in drain");
      };
      client.connection.write(new Uint8Array(32 << 20));
      server.connection.resume();
      await client.closed();
      await server.closed();
      assert.deepEqual(thrown, ["in drain"]);
    },
  },
  {
    name: "a handler that throws on what was held back is reset",
    async run(runtime) {
      const thrown = collect(runtime);
      await using ends = await pair(runtime);
      const { client, server } = ends;
      server.onData = () => {
        throw new Error("on resume");
      };
      server.connection.pause();
      client.send("x");
      await settle();
      server.connection.resume();
      await server.closed();
      await client.closed();
      assert.deepEqual(thrown, ["on resume"]);
      assert.equal(server.closes, 1);
    },
  },
  {
    name: "a handler that throws in close is reported",
    async run(runtime) {
      const thrown = collect(runtime);
      await using ends = await pair(runtime);
      const { client, server } = ends;
      const { connection } = server;
      const calls: string[] = [];
      connection.handler = {
        data() {},
        drain() {},
        end() {},
        close() {
          calls.push("close");
          server.close();
          throw new Error("in close");
        },
      };
      client.connection.reset();
      await server.closed();
      await settle();
      assert.deepEqual(calls, ["close"]);
      assert.deepEqual(thrown, ["in close"]);
    },
  },
  {
    name: "what accepts or dials may throw",
    async run(runtime) {
      const thrown = collect(runtime);
      const listener = await runtime.listen(LOOPBACK, () => {
        throw new Error("in accepted");
      });
      // More than once: the listener is none the worse for it.
      for (let i = 0; i < 3; i++) {
        const { promise, resolve } = Promise.withResolvers<void>();
        runtime.connect(
          { hostname: "127.0.0.1", port: listener.address.port },
          // The reset may be as fast as the news of the connection.
          {
            connected: () => ({ data() {}, drain() {}, end() {}, close: () => resolve() }),
            failed: () => resolve(),
          },
        );
        await within("the reset", promise);
        await settle(5);
        assert.deepEqual(thrown.splice(0), ["in accepted"]);
      }

      const sound = await runtime.listen(LOOPBACK, () => new Probe());
      const { promise, resolve } = Promise.withResolvers<void>();
      runtime.connect(
        { hostname: "127.0.0.1", port: sound.address.port },
        {
          connected(): ConnectionHandler {
            resolve();
            throw new Error("in connected");
          },
          failed: () => assert.fail("both were called"),
        },
      );
      await within("a connection", promise);
      await settle();
      sound.stop();
      assert.deepEqual(thrown.splice(0), ["in connected"]);

      listener.stop();
      const failed = Promise.withResolvers<void>();
      runtime.connect(
        { hostname: "127.0.0.1", port: listener.address.port },
        {
          connected: () => new Probe(),
          failed() {
            failed.resolve();
            throw new Error("in failed");
          },
        },
      );
      await within("the dial to fail", failed.promise);
      await settle();
      assert.deepEqual(thrown, ["in failed"]);
    },
  },
  {
    name: "a promise that nobody catches is reported",
    async run(runtime) {
      const thrown = collect(runtime);
      void Promise.reject(new Error("rejected"));
      setTimeout(() => {
        throw new Error("in a timer");
      }, 1);
      await settle();
      assert.deepEqual(thrown.sort(), ["in a timer", "rejected"]);
    },
  },
];

/** The messages of uncaught errors from now on. */
function collect(runtime: Runtime): string[] {
  const messages: string[] = [];
  runtime.onUncaught((error) => messages.push((error as Error).message));
  return messages;
}
