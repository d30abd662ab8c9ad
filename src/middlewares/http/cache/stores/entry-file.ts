import { concatBytes } from "../../../../core/bytes.ts";
import { type StoredParts, StoredResponse } from "../stored/stored-response.ts";

/** Begins a file; another one with every change of what follows. */
const MAGIC = new TextEncoder().encode("SLUICE CACHE 1\n");
const DIGEST = 32;
/** Magic, digest of all that follows, length of the head. */
const PREFIX = MAGIC.length + DIGEST + 4;

/** Beyond the body: a head is a response's fields and a request's values, all of which have limits. */
export const MOST_HEAD = 256 * 1024;

/** A file's content besides the body; times on the system's clock. */
interface EntryHead extends Omit<StoredParts, "body" | "receivedAt"> {
  readonly receivedAt: number;
  /** The key that the file goes by, with what shapes it. */
  readonly key: string;
}

/** The fields by which the responses of a key differ stand in a file of their own, in the place of the response. */
export interface VaryFile {
  readonly vary: readonly string[];
}

/** What a file has, by its parts. `offset`: the system's clock less the one that `receivedAt` is on. */
export async function entryFile(
  stored: StoredResponse,
  key: string,
  offset: number,
): Promise<Uint8Array[]> {
  const { body, receivedAt, ...parts } = stored.parts;
  const head: EntryHead = { ...parts, receivedAt: receivedAt + offset, key };
  return sealed(head, body);
}

export function varyFile(file: VaryFile, key: string): Promise<Uint8Array[]> {
  return sealed({ ...file, key, isVary: true }, new Uint8Array(0));
}

async function sealed(head: object, body: Uint8Array): Promise<Uint8Array[]> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length);
  const digest = await digestOf([length, text, body]);
  return [MAGIC, digest, length, text, ...(body.length === 0 ? [] : [body])];
}

/** What a file has; undefined for one that is damaged, of another version, or of another key. */
export async function readEntryFile(
  bytes: Uint8Array,
  key: string,
  offset: number,
): Promise<StoredResponse | VaryFile | undefined> {
  const head = await headOf(bytes);
  if (head === undefined || head.value.key !== key) return undefined;
  const { value, end } = head;
  if (value.isVary === true) return { vary: value.vary as unknown as readonly string[] };
  const { url, view, status, reason, fields, vary, freshness, receivedAt } = value;
  return new StoredResponse({
    url,
    view,
    status,
    reason,
    fields,
    vary,
    freshness,
    receivedAt: receivedAt - offset,
    body: bytes.subarray(end),
  });
}

/** The URL of an entry's key; undefined for a damaged file. */
export async function urlOfFile(bytes: Uint8Array): Promise<string | undefined> {
  const head = await headOf(bytes);
  return head === undefined ? undefined : keyUrl(head.value.key);
}

/** The first line of a file's key is the URL, which has no line breaks. */
function keyUrl(key: string): string {
  return key.slice(0, key.indexOf("\n"));
}

interface ReadHead {
  readonly value: EntryHead & { readonly isVary?: boolean };
  /** Where the body begins. */
  readonly end: number;
}

async function headOf(bytes: Uint8Array): Promise<ReadHead | undefined> {
  if (bytes.length < PREFIX || !same(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined;
  const start = MAGIC.length + DIGEST;
  const digest = await digestOf([bytes.subarray(start)]);
  if (!same(bytes.subarray(MAGIC.length, start), digest)) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0);
  const end = PREFIX + length;
  const text = new TextDecoder().decode(bytes.subarray(PREFIX, end));
  return { value: JSON.parse(text) as ReadHead["value"], end };
}

async function digestOf(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const bytes = parts.length === 1 ? parts[0] : concatBytes([...parts]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A name for a text, in hexadecimal digits. */
export async function hashName(text: string, digits: number): Promise<string> {
  const digest = await digestOf([new TextEncoder().encode(text)]);
  return Array.from(digest.subarray(0, digits / 2), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
