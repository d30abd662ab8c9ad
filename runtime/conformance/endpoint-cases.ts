import assert from "node:assert/strict";
import type { Runtime } from "../../src/net/runtime.ts";
import type { Case } from "./case.ts";
import { dial, Probe, pair, settle, within } from "./probe.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

/** Listening and dialling. */
export const ENDPOINT_CASES: Case[] = [
  {
    name: "listening on all addresses serves IPv4, and IPv6 where there is any",
    async run(runtime) {
      const { listener, client, server } = await pair(runtime, { hostname: "", port: 0 });
      assert.ok(listener.address.ip === "::" || listener.address.ip === "0.0.0.0");
      assert.equal(server.connection.remote.ip, "127.0.0.1");
      client.connection.close();
      if (listener.address.ip === "::") {
        const six = await dial(runtime, listener.address.port, "::1");
        assert.equal(six.connection.remote.ip, "::1");
        assert.equal(six.connection.local.ip, "::1");
        six.connection.reset();
      }
      listener.stop();
    },
  },
  {
    name: "names can be listened on and dialled",
    async run(runtime) {
      await using ends = await pair(runtime, { hostname: "localhost", port: 0 }, "localhost");
      assert.match(ends.listener.address.ip, /^(127\.0\.0\.1|::1)$/);
      ends.client.send("x");
    },
  },
  {
    name: "an address in use is refused with the address and the system's code",
    async run(runtime) {
      const listener = await runtime.listen(LOOPBACK, () => new Probe());
      const { port } = listener.address;
      const error = await rejection(
        runtime.listen({ hostname: "127.0.0.1", port }, () => new Probe()),
      );
      assert.equal((error as { code?: string }).code, "EADDRINUSE");
      assert.ok(error.message.includes(`127.0.0.1:${port}`), error.message);
      listener.stop();
      await settle();
      const again = await runtime.listen({ hostname: "127.0.0.1", port }, () => new Probe());
      again.stop();
    },
  },
  {
    name: "addresses that can't be listened on are refused",
    async run(runtime) {
      const foreign = await rejection(
        runtime.listen({ hostname: "192.0.2.1", port: 0 }, () => new Probe()),
      );
      assert.match((foreign as { code?: string }).code ?? "", /^E/);
      assert.ok(foreign.message.includes("192.0.2.1:0"), foreign.message);
      const nameless = await rejection(
        runtime.listen({ hostname: "nowhere.invalid", port: 80 }, () => new Probe()),
      );
      assert.ok(nameless.message.includes("nowhere.invalid:80"), nameless.message);
    },
  },
  {
    name: "reusePort lets two listeners share a port",
    async run(runtime) {
      const first = await runtime.listen({ ...LOOPBACK, reusePort: true }, () => new Probe());
      const second = await runtime.listen(
        { hostname: "127.0.0.1", port: first.address.port, reusePort: true },
        () => new Probe(),
      );
      assert.equal(second.address.port, first.address.port);
      first.stop();
      await settle();
      // The one that is left gets everything.
      const client = await dial(runtime, second.address.port);
      client.connection.reset();
      second.stop();
    },
  },
  {
    name: "stop refuses new connections and keeps the accepted",
    async run(runtime) {
      await using ends = await pair(runtime);
      const { client, server, listener } = ends;
      listener.stop();
      listener.stop();
      await settle();
      await rejection(dial(runtime, listener.address.port));
      client.send("still here");
      await server.hears("still here");
      server.send("so am I");
      await client.hears("so am I");
    },
  },
  {
    name: "a refused dial fails once, with the address and the system's code",
    async run(runtime) {
      const port = await freePort(runtime);
      let inside = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      const errors: Error[] = [];
      runtime.connect(
        { hostname: "127.0.0.1", port },
        {
          connected: () => assert.fail("it connected"),
          failed(error) {
            assert.ok(!inside, "failed was called before connect returned");
            errors.push(error);
            resolve();
          },
        },
      );
      inside = false;
      await within("the dial to fail", promise);
      await settle();
      assert.equal(errors.length, 1);
      assert.equal((errors[0] as { code?: string }).code, "ECONNREFUSED");
      assert.ok(errors[0].message.includes(`127.0.0.1:${port}`), errors[0].message);
    },
  },
  {
    name: "a dial to what can't be dialled fails once, after connect returned",
    async run(runtime) {
      for (const [hostname, port] of [
        ["nowhere.invalid", 80],
        ["127.0.0.1", 70_000],
        ["", 80],
      ] as const) {
        let inside = true;
        const failed = new Promise<Error>((resolve) => {
          runtime.connect(
            { hostname, port },
            {
              connected: () => assert.fail("it connected"),
              failed(error) {
                assert.ok(!inside, "failed was called before connect returned");
                resolve(error);
              },
            },
          );
        });
        inside = false;
        const error = await within("the dial to fail", failed);
        assert.ok(error.message.includes(`${hostname}:${port}`), error.message);
      }
    },
  },
  {
    name: "a cancelled dial is not heard of again",
    async run(runtime) {
      const server = new Probe();
      const accepted: Probe[] = [];
      const listener = await runtime.listen(LOOPBACK, (connection) => {
        server.connection = connection;
        accepted.push(server);
        return server;
      });
      const calls: string[] = [];
      const handler = {
        connected() {
          calls.push("connected");
          return new Probe();
        },
        failed: () => void calls.push("failed"),
      };
      const dialled = runtime.connect(
        { hostname: "127.0.0.1", port: listener.address.port },
        handler,
      );
      dialled.cancel();
      dialled.cancel();
      runtime.connect({ hostname: "127.0.0.1", port: await freePort(runtime) }, handler).cancel();
      await settle();
      assert.deepEqual(calls, []);
      // Where the connection came about all the same, it didn't stay.
      if (accepted.length > 0) await server.closed();
      listener.stop();
    },
  },
  {
    name: "cancel after the connection is made does nothing",
    async run(runtime) {
      const listener = await runtime.listen(LOOPBACK, () => new Probe());
      const client = new Probe();
      const { promise, resolve } = Promise.withResolvers<void>();
      const dialled = runtime.connect(
        { hostname: "127.0.0.1", port: listener.address.port },
        {
          connected(connection) {
            client.connection = connection;
            resolve();
            return client;
          },
          failed: () => {},
        },
      );
      await within("a connection", promise);
      dialled.cancel();
      await settle();
      assert.equal(client.closes, 0);
      client.connection.close();
      listener.stop();
    },
  },
  {
    name: "a dial to a Unix socket that isn't there fails once, with its path and the system's code",
    async run(runtime) {
      const path = `${runtime.cwd}/no-such-socket`;
      const failed = new Promise<Error>((resolve) => {
        runtime.connect(
          { hostname: path, port: 0 },
          { connected: () => assert.fail("it connected"), failed: resolve },
        );
      });
      const error = await within("the dial to fail", failed);
      assert.equal((error as { code?: string }).code, "ENOENT");
      assert.equal(error.message, `connect unix:${path}: no such file or directory (ENOENT)`);
    },
  },
  {
    name: "bytes written as soon as connected arrive",
    async run(runtime) {
      const server = new Probe();
      const listener = await runtime.listen(LOOPBACK, (connection) => {
        server.connection = connection;
        server.send("from the listener");
        return server;
      });
      const client = new Probe();
      runtime.connect(
        { hostname: "127.0.0.1", port: listener.address.port },
        {
          connected(connection) {
            client.connection = connection;
            client.send("from the dialler");
            connection.shutdown();
            return client;
          },
          failed: (error) => assert.fail(error),
        },
      );
      await server.hears("from the dialler");
      await client.hears("from the listener");
      await server.ended();
      server.connection.close();
      listener.stop();
    },
  },
];

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail("it should have been refused");
}

/** A port on which no program listens. */
async function freePort(runtime: Runtime): Promise<number> {
  const listener = await runtime.listen(LOOPBACK, () => new Probe());
  listener.stop();
  await settle();
  return listener.address.port;
}
