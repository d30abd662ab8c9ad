import type { Http3Fields } from "../../../src/net/http3.ts";

/** Field lines that node:quic of Bun 1.4.5 sends at once; of more it sends none, and says false. */
export const MOST_FIELDS = 128;

/** Names whose lines node:quic refuses to send where there are several, by an exception. */
const SINGLE = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);

type Block = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Field lines of a header block as node:quic has it; several of one name stand in an array. Objects
 * have names that are numbers before all others, even pseudo-header fields: they go last.
 */
export function http3Fields(block: unknown): Http3Fields {
  const fields: Http3Fields = [];
  const numbers: Http3Fields = [];
  for (const [name, value] of Object.entries((block ?? {}) as Block)) {
    const list = /^\d+$/.test(name) ? numbers : fields;
    if (typeof value === "string") list.push([name, value]);
    else for (const one of value ?? []) list.push([name, one]);
  }
  return numbers.length === 0 ? fields : [...fields, ...numbers];
}

/** A header block for node:quic. Lines that it takes one of become one, which says the same (RFC 9110 section 5.3). */
export function headerBlock(fields: Http3Fields): Record<string, string | string[]> {
  const block: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const before = block[name];
    if (before === undefined) block[name] = value;
    else if (typeof before !== "string") before.push(value);
    else block[name] = SINGLE.has(name) ? `${before}, ${value}` : [before, value];
  }
  return block;
}
