import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { DescriptorSet } from "../../../runtime/bun/splice/descriptor-set.ts";
import { openLibc } from "../../../runtime/bun/splice/libc.ts";
import { closeDescriptors, descriptorMemory } from "../../../runtime/bun/splice/splice-sockets.ts";
import { Splicer } from "../../../runtime/bun/splice/splicer.ts";
import { dial, Probe, pair, pattern, same, sendAll } from "../../../runtime/conformance/probe.ts";
import { nodeThreads } from "../../../runtime/node/threads/threads.ts";
import { relay } from "../../../src/net/relay.ts";
import type { Runtime } from "../../../src/net/runtime.ts";
import { waitFor } from "../../support/wait-for.ts";

/** fcntl's way to ask whether a descriptor is open. */
const F_GETFD = 1;

/** What relays do is in the conformance suite; this is about when the thread does it, and its end. */
describe.skipIf(process.platform !== "linux")("splicing", () => {
  let runtime: Runtime;
  const uncaught: unknown[] = [];

  beforeAll(() => {
    runtime = bunRuntime();
    runtime.onUncaught((error) => void uncaught.push(error));
  });
  afterAll(() => void bunRuntime());

  async function carried(bytes: number) {
    const left = await pair(runtime);
    const right = await pair(runtime);
    relay(left.server.connection, right.client.connection);
    const sent = pattern(bytes);
    await sendAll(left.client, sent);
    await right.server.until("all", () => right.server.received === bytes);
    expect(same(right.server.bytes, sent)).toBe(true);
    const handedOver = left.server.connection.closed && right.client.connection.closed;
    for (const probe of [left.client, right.server]) probe.connection.reset();
    left.listener.stop();
    right.listener.stop();
    return handedOver;
  }

  test("a relay is handed over once it has carried enough", async () => {
    expect(await carried(1000)).toBe(false);
    expect(await carried(1 << 20)).toBe(true);
  });

  test("nothing is handed over where splicing is forbidden", async () => {
    runtime.forbidSplicing!();
    expect(await carried(1 << 20)).toBe(false);
    runtime = bunRuntime();
    expect(await carried(1 << 20)).toBe(true);
  });

  test("a thread that fails closes what it had, and gets nothing more", async () => {
    const source = "self.onmessage = () => { throw new Error('broken on purpose'); };";
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const splicer = new Splicer(() => new Worker(url), new DescriptorSet());
    const libc = openLibc();
    const left = await pair(runtime);
    const descriptor = (left.server.connection as unknown as { socket: { fd: number } }).socket.fd;
    const [a, b] = splicer.duplicate(descriptor, descriptor)!;
    const counts = await new Promise((resolve) =>
      splicer.relay(a, b, {
        idleTimeout: 0,
        terminationDelay: -1,
        closed: (...counts) => resolve(counts),
      }),
    );
    expect(counts).toEqual([0, 0]);
    expect(String(uncaught.at(-1))).toContain("the thread that splices");
    expect([a, b].map((fd) => libc.fcntl(fd, F_GETFD, 0))).toEqual([-1, -1]);
    expect(splicer.duplicate(descriptor, descriptor)).toBe(null);
    await left[Symbol.asyncDispose]();
  });

  test("where the kernel refuses to splice, the thread copies", async () => {
    const program = new URL("./copying-worker.ts", import.meta.url);
    const splicer = new Splicer(() => new Worker(program, { ref: false }), new DescriptorSet());
    const left = await pair(runtime);
    const right = await pair(runtime);
    const [a, b] = [left.server, right.client].map(
      ({ connection }) => (connection as unknown as { socket: Bun.Socket & { fd: number } }).socket,
    );
    const [first, second] = splicer.duplicate(a.fd, b.fd)!;
    a.terminate();
    b.terminate();
    const counts = new Promise((closed) =>
      splicer.relay(first, second, {
        idleTimeout: 0,
        terminationDelay: -1,
        closed: (...both) => closed(both),
      }),
    );
    const bytes = pattern(4 << 20);
    await Promise.all([sendAll(left.client, bytes), sendAll(right.server, bytes)]);
    await right.server.until("all", () => right.server.received === bytes.length);
    await left.client.until("all", () => left.client.received === bytes.length);
    expect(same(right.server.bytes, bytes) && same(left.client.bytes, bytes)).toBe(true);
    left.client.connection.shutdown();
    right.server.connection.shutdown();
    expect(await counts).toEqual([bytes.length, bytes.length]);
    left.listener.stop();
    right.listener.stop();
  });

  test("a thread's end resets what its own thread was splicing", async () => {
    const program = new URL("./splicing-thread.ts", import.meta.url);
    const threads = nodeThreads(program, true, {
      create: descriptorMemory,
      ended: closeDescriptors,
    });
    const server = new Probe();
    const listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
      server.connection = connection;
      return server;
    });
    const before = descriptors();
    const ended = Promise.withResolvers<void>();
    const told = Promise.withResolvers<number>();
    const thread = threads.start({
      message: (port) => told.resolve(port as number),
      ended: () => ended.resolve(),
    });
    thread.post(listener.address.port);
    const client = await dial(runtime, await told.promise);
    await sendAll(client, pattern(1 << 20));
    await server.until("all", () => server.received === 1 << 20);
    expect(client.closes + server.closes).toBe(0);
    thread.terminate();
    await ended.promise;
    await Promise.all([client.closed(), server.closed()]);
    expect([client.error, server.error].every((error) => error !== undefined)).toBe(true);
    listener.stop();
    await waitFor("its descriptors to be closed", () => descriptors() <= before);
  });
});

const descriptors = () => readdirSync("/proc/self/fd").length;
