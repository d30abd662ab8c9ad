import { latin1Bytes } from "../../../core/bytes.ts";
import { FIELD_NAMES } from "../../field-names.ts";
import { STATIC_TABLE } from "./static-table.ts";

/** What becomes of a field that is in no table (RFC 7541 sections 6.2 and 7.1). */
export const Indexing = {
  /** Into the dynamic table at once: few values, that come again. */
  always: 0,
  /** Into the dynamic table when the same field comes again. */
  repeated: 1,
  /** A value of its own each time, or one that others on the connection must not probe for. */
  without: 2,
  /** A secret: no hop on its way shall put it into a table. */
  never: 3,
} as const;
export type Indexing = (typeof Indexing)[keyof typeof Indexing];

/** A field name that the encoder knows. */
export class EncoderName {
  /** Lower case. */
  readonly bytes: Uint8Array;
  /** Its (first) index in the static table, 0 for none. */
  readonly index: number;
  readonly indexing: Indexing;

  constructor(name: string, index: number) {
    this.bytes = latin1Bytes(name);
    this.index = index;
    this.indexing = INDEXING.get(name) ?? Indexing.repeated;
  }
}

const INDEXING = new Map<string, Indexing>([
  ...[
    ":status",
    "cache-control",
    "content-encoding",
    "content-type",
    "server",
    "vary",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
  ].map((name) => [name, Indexing.always] as const),
  ...[
    ":path",
    "age",
    "content-length",
    "content-range",
    "cookie",
    "date",
    "etag",
    "expires",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "last-modified",
    "location",
    "range",
    "set-cookie",
  ].map((name) => [name, Indexing.without] as const),
  ["authorization", Indexing.never],
  ["proxy-authorization", Indexing.never],
]);

const BY_NAME = new Map<string, EncoderName>();
for (let i = 0; i < STATIC_TABLE.length; i++) {
  const [name] = STATIC_TABLE[i];
  if (!BY_NAME.has(name)) BY_NAME.set(name, new EncoderName(name, i + 1));
}

/** By the ids of field-names.ts. */
export const NAMES_BY_ID: readonly EncoderName[] = FIELD_NAMES.map((spelling) => {
  const name = spelling.toLowerCase();
  return BY_NAME.get(name) ?? new EncoderName(name, 0);
});

export const METHOD = BY_NAME.get(":method")!;
export const SCHEME = BY_NAME.get(":scheme")!;
export const AUTHORITY = BY_NAME.get(":authority")!;
export const PATH = BY_NAME.get(":path")!;
export const STATUS = BY_NAME.get(":status")!;
export const COOKIE = BY_NAME.get("cookie")!;

// Names of the static table by length and last byte: a few candidates at most for any name.
const LONGEST = Math.max(...STATIC_TABLE.map(([name]) => name.length));
const BUCKETS: EncoderName[][] = new Array((LONGEST + 1) * 32).fill([]);
for (const name of BY_NAME.values()) {
  const bucket = name.bytes.length * 32 + (name.bytes[name.bytes.length - 1] & 31);
  BUCKETS[bucket] = [...BUCKETS[bucket], name];
}

/** The name in `bytes[0, length)`, lower case, where the static table has it; null elsewhere. */
export function staticName(bytes: Uint8Array, length: number): EncoderName | null {
  if (length === 0 || length > LONGEST) return null;
  const bucket = BUCKETS[length * 32 + (bytes[length - 1] & 31)];
  for (let i = 0; i < bucket.length; i++) {
    const name = bucket[i].bytes;
    let same = 0;
    while (same < length && bytes[same] === name[same]) same++;
    if (same === length) return bucket[i];
  }
  return null;
}
