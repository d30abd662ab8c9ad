import { type Context, Hono } from "hono";
import type { Exchange } from "../http/exchange.ts";
import type { Handler } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import type { Address } from "../net/connection.ts";
import { FieldId } from "../wire/field-names.ts";
import type { HeaderList } from "../wire/header-list.ts";

export interface WhoamiOptions {
  /** The machine's name. */
  readonly hostname: string;
  /** Shown in front where it isn't empty. */
  readonly name?: string;
}

/** The most that `/data` gives: it is a demonstration, not a way to fill a client's line. */
const MAX_DATA = 64 * 1024 * 1024;

const TEXT = { "content-type": "text/plain; charset=utf-8" };

const UNITS = new Map([
  ["", 1],
  ["kb", 1024],
  ["mb", 1024 ** 2],
  ["gb", 1024 ** 3],
  ["tb", 1024 ** 4],
]);

type Environment = { Bindings: { request: LazyRequest; exchange: Exchange } };

/**
 * `whoami@internal`: tells what arrived, as the traefik/whoami image does. `/` in text, `/api` in
 * JSON, `/health` 200, `/bench` "1", `/data?size=N&unit=KB` N units of text.
 */
export function whoami(options: WhoamiOptions): Handler {
  const app = new Hono<Environment>();
  app.get("/bench", (c) => c.text("1", 200, TEXT));
  app.get("/health", (c) => c.body(null, 200));
  app.get("/data", (c) => dataResponse(c));
  app.all("/api", (c) => c.json(facts(options, c)));
  app.all("*", (c) => c.text(report(options, c), 200, TEXT));
  return (request, exchange) =>
    app.fetch(request, { request: LazyRequest.of(request, exchange), exchange });
}

function facts(options: WhoamiOptions, c: Context<Environment>) {
  const { request, exchange } = c.env;
  const { remote, local } = exchange.downstream;
  const headers: Record<string, string[]> = {};
  for (const [name, value] of fieldsOf(request.headerList)) (headers[name] ??= []).push(value);
  return {
    hostname: options.hostname,
    ip: local.ip === "" ? [] : [local.ip],
    headers,
    url: request.target,
    host: request.host,
    method: request.method,
    ...(options.name ? { name: options.name } : {}),
    remoteAddr: addressText(remote),
  };
}

function report(options: WhoamiOptions, c: Context<Environment>): string {
  const { request, exchange } = c.env;
  const { remote, local } = exchange.downstream;
  const lines: string[] = [];
  if (options.name) lines.push(`Name: ${options.name}`);
  lines.push(`Hostname: ${options.hostname}`);
  if (local.ip !== "") lines.push(`IP: ${local.ip}`);
  lines.push(`RemoteAddr: ${addressText(remote)}`);
  lines.push(`${request.method} ${request.target} HTTP/1.1`, `Host: ${request.host}`);
  for (const [name, value] of fieldsOf(request.headerList)) lines.push(`${name}: ${value}`);
  return `${lines.join("\n")}\n\n`;
}

/** All fields but Host by name; the first spelling of a name counts. */
function fieldsOf(list: HeaderList): [string, string][] {
  const spellings = new Map<string, string>();
  const fields: [string, string][] = [];
  for (let slot = 0; slot < list.slots; slot++) {
    const id = list.idAt(slot);
    if (id === FieldId.deleted || id === FieldId.host) continue;
    const name = list.nameAt(slot);
    const lowerName = name.toLowerCase();
    if (!spellings.has(lowerName)) spellings.set(lowerName, name);
    fields.push([spellings.get(lowerName)!, list.valueAt(slot)]);
  }
  return fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function addressText({ ip, port }: Address): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function dataResponse(c: Context<Environment>): Response {
  const unit = UNITS.get((c.req.query("unit") ?? "").toLowerCase());
  const count = c.req.query("size") ?? "1";
  if (unit === undefined || !/^\d{1,15}$/.test(count)) {
    return c.text("expected size=<number> and, if at all, unit=KB, MB, GB or TB\n", 400, TEXT);
  }
  const size = Number(count) * unit;
  if (size > MAX_DATA) return c.text(`at most ${MAX_DATA} bytes\n`, 400, TEXT);
  return new Response(dataStream(size), {
    headers: { ...TEXT, "content-length": String(size) },
  });
}

const LETTERS = new TextEncoder().encode("-ABCDEFGHIJKLMNOPQRSTUVWXYZ".repeat(1024));

/** "|-ABC...", with "|" at both ends; made piece by piece, as fast as it is read. */
function dataStream(size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (sent === size) {
          controller.close();
          return;
        }
        const chunk = LETTERS.slice(0, Math.min(LETTERS.length, size - sent));
        if (sent === 0) chunk[0] = 0x7c;
        sent += chunk.length;
        if (sent === size) chunk[chunk.length - 1] = 0x7c;
        controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}
