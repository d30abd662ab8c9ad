import type { GetConnInfo } from "hono/conninfo";

const adapter = await ("Deno" in globalThis ? import("hono/deno") : import("hono/bun"));

/** Hono's own way to the client's address on each of the platforms. */
export const clientOf: GetConnInfo = adapter.getConnInfo;

/** Its own way to files. */
export const { serveStatic } = adapter;
