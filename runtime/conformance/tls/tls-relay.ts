import assert from "node:assert/strict";
import type { Runtime } from "../../../src/net/runtime.ts";
import { dial, Probe } from "../probe.ts";
import { dialTls, type Outcome } from "./tls-probe.ts";

/** The first bytes that this runtime's client role sends. */
export async function clientHello(runtime: Runtime): Promise<Uint8Array> {
  const server = new Probe();
  const listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
    server.connection = connection;
    return server;
  });
  const client: Promise<Outcome> = dialTls(runtime, listener.address.port);
  await server.until("a ClientHello", () => server.received > 100);
  server.connection.reset();
  listener.stop();
  assert.ok((await client) instanceof Error);
  return server.bytes;
}

/**
 * Passes bytes on: from the client the first `cut` alone, then the rest, each chunk after `change`
 * had it; from the server at once.
 */
export async function relayInPieces(
  runtime: Runtime,
  port: number,
  cut: number,
  change?: (chunk: Uint8Array) => void,
): Promise<{ port: number; stop(): void }> {
  const listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
    const client = new Probe();
    void dial(runtime, port).then((server) => {
      server.onData = (chunk) => connection.write(chunk);
      server.close = () => connection.close();
      let sent = 0;
      const push = (chunk: Uint8Array) => {
        change?.(chunk);
        const first = Math.min(chunk.length, Math.max(0, cut - sent));
        sent += chunk.length;
        if (first > 0) server.connection.write(chunk, 0, first);
        setTimeout(() => server.connection.write(chunk, first), first > 0 ? 15 : 0);
      };
      if (client.received > 0) push(client.bytes);
      client.onData = push;
      client.close = () => server.connection.close();
    });
    return client;
  });
  return { port: listener.address.port, stop: () => listener.stop() };
}
