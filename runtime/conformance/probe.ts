import assert from "node:assert/strict";
import type { Connection, ConnectionHandler, Listener } from "../../src/net/connection.ts";
import type { ListenOptions, Runtime } from "../../src/net/runtime.ts";

/** How long anything may take before a case gives up, in milliseconds. */
const PATIENCE = 10_000;
/** How long a case watches for what must not happen, in milliseconds. */
const WATCH = 60;

/** Waits for `promise`, but not for ever. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives what must not happen the time to happen. */
export function settle(milliseconds = WATCH): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A handler that records what it is told, and that can be waited for. */
export class Probe implements ConnectionHandler {
  /** In order: "data", "drain", "end", "close"; equal neighbours are one. */
  readonly events: string[] = [];
  received = 0;
  drains = 0;
  ends = 0;
  closes = 0;
  error: Error | undefined;
  /** Set by who makes the connection. */
  connection!: Connection;
  onData: ((chunk: Uint8Array) => void) | undefined;
  onDrain: (() => void) | undefined;
  private readonly chunks: Uint8Array[] = [];
  private waiters: { done: () => boolean; resolve: () => void }[] = [];

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.received += chunk.length;
    this.record("data");
    this.onData?.(chunk);
    this.wake();
  }

  drain(): void {
    this.drains++;
    this.record("drain");
    this.onDrain?.();
    this.wake();
  }

  end(): void {
    this.ends++;
    this.record("end");
    this.wake();
  }

  close(error?: Error): void {
    this.closes++;
    this.error = error;
    this.record("close");
    this.wake();
  }

  /** Everything received, as text. */
  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  get bytes(): Uint8Array {
    const joined = new Uint8Array(this.received);
    let at = 0;
    for (const chunk of this.chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    return joined;
  }

  send(text: string): void {
    this.connection.write(new TextEncoder().encode(text));
  }

  async until(what: string, done: () => boolean): Promise<void> {
    if (done()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiters.push({ done, resolve });
    try {
      await within(what, promise);
    } catch (error) {
      throw new Error(
        `${(error as Error).message}; there were ${this.events.join(", ") || "no events"}`,
      );
    }
  }

  hears(text: string): Promise<void> {
    return this.until(`the bytes ${JSON.stringify(text)}`, () => this.text === text);
  }

  ended(): Promise<void> {
    return this.until("FIN", () => this.ends > 0);
  }

  closed(): Promise<void> {
    return this.until("close", () => this.closes > 0);
  }

  private record(event: string): void {
    if (this.events.at(-1) !== event) this.events.push(event);
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = waiters.filter(({ done }) => !done());
    for (const { done, resolve } of waiters) if (done()) resolve();
  }
}

/** A listener, and one connection to it from both of its ends. */
export interface Pair {
  readonly listener: Listener;
  readonly client: Probe;
  readonly server: Probe;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Connects through loopback. What is left open is reset at the case's end. */
export async function pair(
  runtime: Runtime,
  options: ListenOptions = { hostname: "127.0.0.1", port: 0 },
  dialled = "127.0.0.1",
): Promise<Pair> {
  const server = new Probe();
  const accepted = Promise.withResolvers<void>();
  const listener = await runtime.listen(options, (connection) => {
    server.connection = connection;
    accepted.resolve();
    return server;
  });
  const client = await dial(runtime, listener.address.port, dialled);
  await within("the listener to accept", accepted.promise);
  return {
    listener,
    client,
    server,
    async [Symbol.asyncDispose]() {
      listener.stop();
      client.connection.reset();
      server.connection.reset();
      await Promise.all([client.closed(), server.closed()]);
    },
  };
}

/** Dials loopback. Rejects with the error that `failed` was given. */
export function dial(runtime: Runtime, port: number, hostname = "127.0.0.1"): Promise<Probe> {
  const { promise, resolve, reject } = Promise.withResolvers<Probe>();
  runtime.connect(
    { hostname, port },
    {
      connected(connection) {
        const probe = new Probe();
        probe.connection = connection;
        resolve(probe);
        return probe;
      },
      failed: reject,
    },
  );
  return within(`a connection to port ${port}`, promise);
}

/** Sends all of it, as fast as the connection takes it. Resolves when it has. */
export function sendAll(probe: Probe, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let at = 0;
  const push = () => {
    while (at < bytes.length) {
      const length = bytes.length - at;
      const taken = probe.connection.write(bytes, at, bytes.length);
      if (taken < 0) return reject(new Error(`the connection closed after ${at} bytes`));
      at += taken;
      if (taken < length) return;
    }
    resolve();
  };
  probe.onDrain = push;
  push();
  return within("all bytes to be taken", promise);
}

/** Sends all bytes to a server that pauses eight times on the way: they come whole and in order. */
export async function readSlowly(
  { client, server }: Pick<Pair, "client" | "server">,
  bytes: Uint8Array,
): Promise<void> {
  let pauses = 0;
  let reading = true;
  server.onData = () => {
    assert.ok(reading, "data while paused");
    if (pauses >= 8) return;
    pauses++;
    reading = false;
    server.connection.pause();
    setTimeout(() => {
      reading = true;
      server.connection.resume();
    }, 3);
  };
  await sendAll(client, bytes);
  client.connection.shutdown();
  await server.ended();
  assert.equal(pauses, 8);
  assert.ok(same(server.bytes, bytes));
}

/** Bytes of which any two places differ, so that loss and disorder show. */
export function pattern(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, length);
}

/** Whether they are equal, without the pages that an assertion would print. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
