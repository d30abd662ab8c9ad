import type { KvStore } from "./kv-store.ts";

/** Bytes of a key, a value and a key's metadata at the most. */
const KEY = 512;
const VALUE = 1024 * 1024;
const METADATA = 1024;
/** Keys in one answer of `list`. */
const KEYS = 1000;

export type KvType = "text" | "json" | "arrayBuffer" | "bytes" | "stream";

export interface KvPutOptions {
  /** Seconds since the epoch, or from now, after which the key is gone. */
  readonly expiration?: number;
  readonly expirationTtl?: number;
  /** What JSON can say, in 1,024 bytes. */
  readonly metadata?: unknown;
}

export interface KvListOptions {
  readonly prefix?: string | null;
  readonly limit?: number | null;
  readonly cursor?: string | null;
}

export interface KvList {
  readonly keys: {
    readonly name: string;
    readonly expiration?: number;
    readonly metadata?: unknown;
  }[];
  readonly list_complete: boolean;
  readonly cursor?: string;
}

/**
 * `env.KV`: a store in the words of Cloudflare's KV. Methods reject with a TypeError for what they don't take,
 * and `put` with an Error where the store is full.
 */
export class KvNamespace {
  readonly #store: KvStore;
  readonly #maxBytes: number;

  constructor(store: KvStore, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** Null where there is no such key. */
  async get(key: string, options: KvType | { type?: KvType } = "text"): Promise<unknown> {
    return (await this.getWithMetadata(key, options)).value;
  }

  async getWithMetadata(
    key: string,
    options: KvType | { type?: KvType } = "text",
  ): Promise<{ value: unknown; metadata: unknown }> {
    const type = typeof options === "string" ? options : (options?.type ?? "text");
    const found = this.#store.get(keyOf(key));
    if (found === undefined) return { value: null, metadata: null };
    const { value, metadata } = found;
    return {
      value: converted(value, type),
      metadata: metadata === null ? null : JSON.parse(metadata),
    };
  }

  async put(
    key: string,
    value: string | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array>,
    options: KvPutOptions = {},
  ): Promise<void> {
    const name = keyOf(key);
    const bytes = await bytesOf(value);
    const metadata = metadataOf(options.metadata);
    const expires = expiryOf(options);
    if (!this.#store.put(name, bytes, metadata, expires, this.#maxBytes))
      throw new Error(`KV: the store is full, it takes ${this.#maxBytes} bytes`);
  }

  /** A key that isn't there is no mistake. */
  async delete(key: string): Promise<void> {
    this.#store.delete(keyOf(key));
  }

  /** Keys in the order of their bytes; `cursor` goes on behind an answer that was not complete. */
  async list({ prefix, limit, cursor }: KvListOptions = {}): Promise<KvList> {
    const most = limit ?? KEYS;
    if (!Number.isInteger(most) || most < 1 || most > KEYS)
      throw new TypeError(`KV: expected a limit from 1 to ${KEYS}, found ${String(limit)}`);
    const after = cursor === undefined || cursor === null ? "" : fromCursor(cursor);
    const found = this.#store.list(prefix ?? "", after, most + 1);
    const keys = found.slice(0, most).map(({ key, expires, metadata }) => ({
      name: key,
      ...(expires !== null && { expiration: Math.floor(expires / 1000) }),
      ...(metadata !== null && { metadata: JSON.parse(metadata) as unknown }),
    }));
    if (found.length <= most) return { keys, list_complete: true };
    return { keys, list_complete: false, cursor: toCursor(keys[most - 1].name) };
  }
}

function keyOf(key: unknown): string {
  if (typeof key !== "string" || key === "") throw new TypeError("KV: expected a key, found none");
  if (key.includes("\0") || !key.isWellFormed())
    throw new TypeError("KV: a key is text without U+0000 and lone surrogates");
  const { length } = new TextEncoder().encode(key);
  if (length > KEY) throw new TypeError(`KV: a key has at most ${KEY} bytes, found ${length}`);
  return key;
}

async function bytesOf(value: unknown): Promise<Uint8Array> {
  if (typeof value === "string") return checked(new TextEncoder().encode(value));
  if (value instanceof ArrayBuffer) return checked(new Uint8Array(value));
  if (ArrayBuffer.isView(value))
    return checked(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (!(value instanceof ReadableStream))
    throw new TypeError("KV: expected text, bytes or a stream of bytes as value");
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of value as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > VALUE) break;
    chunks.push(chunk);
  }
  if (length > VALUE) throw tooLong("more");
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function checked(bytes: Uint8Array): Uint8Array {
  if (bytes.length > VALUE) throw tooLong(bytes.length);
  return bytes;
}

function tooLong(found: number | string): TypeError {
  return new TypeError(`KV: a value has at most ${VALUE} bytes, found ${found}`);
}

function metadataOf(metadata: unknown): string | null {
  const text =
    metadata === undefined ? undefined : (JSON.stringify(metadata) as string | undefined);
  if (text === undefined) return null;
  const { length } = new TextEncoder().encode(text);
  if (length > METADATA)
    throw new TypeError(`KV: metadata has at most ${METADATA} bytes, found ${length}`);
  return text;
}

/** Milliseconds since the epoch. */
function expiryOf({ expiration, expirationTtl }: KvPutOptions): number | null {
  const seconds = (name: string, value: unknown) => {
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value * 1000;
    throw new TypeError(`KV: expected ${name} in seconds, above 0, found ${String(value)}`);
  };
  if (expirationTtl !== undefined)
    return Math.round(Date.now() + seconds("expirationTtl", expirationTtl));
  return expiration === undefined ? null : Math.round(seconds("expiration", expiration));
}

function converted(bytes: Uint8Array, type: KvType): unknown {
  switch (type) {
    case "text":
      return new TextDecoder().decode(bytes);
    case "json":
      return JSON.parse(new TextDecoder().decode(bytes));
    case "bytes":
      return bytes.slice();
    case "arrayBuffer":
      return bytes.slice().buffer;
    case "stream":
      return new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
    default:
      throw new TypeError(`KV: expected text, json, bytes, arrayBuffer or stream, found ${type}`);
  }
}

function toCursor(key: string): string {
  return Array.from(new TextEncoder().encode(key), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

function fromCursor(cursor: string): string {
  if (!/^(?:[0-9a-f]{2}){1,512}$/.test(cursor))
    throw new TypeError("KV: the cursor is none that list gave");
  const pairs = cursor.match(/../g)!;
  return new TextDecoder().decode(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
}
