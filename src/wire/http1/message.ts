import type { Fields } from "../fields.ts";

/** How the end of a body is found (RFC 9112 section 6.3). */
export const Framing = {
  /** No body, or one of length 0. */
  none: 0,
  /** `contentLength` bytes. */
  length: 1,
  chunked: 2,
  /** Until the connection closes; responses only. */
  close: 3,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

/**
 * What both kinds of head have. `bytes` and `fields` are the receiver's to keep; the object itself is
 * the parser's, and says something else when the next head is there.
 */
interface Head {
  /** The bytes that `fields` points into. They hold the whole head and perhaps more. */
  readonly bytes: Uint8Array;
  readonly fields: Fields;
  /** The minor version: 0 or 1. The major version is 1. */
  readonly minor: number;
  readonly framing: Framing;
  /** -1 where the head names no Content-Length. */
  readonly contentLength: number;
  /** The connection persists after this message as far as this head says (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
  /** `Connection: upgrade` and an `Upgrade` field are there. */
  readonly upgrade: boolean;
}

export interface RequestHead extends Head {
  readonly method: string;
  /** The request target as received: origin form, absolute form, authority form (CONNECT) or "*". */
  readonly target: string;
  /** `Expect: 100-continue` on an HTTP/1.1 request with a body. */
  readonly expectContinue: boolean;
}

export interface ResponseHead extends Head {
  readonly status: number;
  readonly reason: string;
}

export interface Http1Limits {
  /** The start line's cap in bytes, CRLF included; more is 414 (a request) or a protocol error (a response). */
  maxStartLineBytes: number;
  /** The whole head's cap in bytes, start line included (and interim responses before it); more is 431. */
  maxHeadBytes: number;
  /** Fields in a head or trailer section; more is 431. */
  maxFields: number;
  /** One chunk-size line's cap in bytes, extensions and CRLF included. */
  maxChunkLineBytes: number;
  /** How far a body's chunk extensions may outgrow its data, in bytes: tiny chunks with long ones are an attack. */
  maxChunkExtensionBytes: number;
  /** A trailer section's cap in bytes. */
  maxTrailerBytes: number;
}

/** What Go's server reads beyond its MaxHeaderBytes. */
const HEAD_SLACK = 4096;
/** What a field counts at least, as in HTTP/2 (RFC 9113 section 6.5.2): a short one takes more memory than bytes. */
const FIELD_BYTES = 32;

/** The limits of a head that may have `maxHeaderBytes`, as Traefik's server counts them. */
export function headLimits(
  maxHeaderBytes: number,
): Pick<Http1Limits, "maxHeadBytes" | "maxFields"> {
  const maxHeadBytes = maxHeaderBytes + HEAD_SLACK;
  return { maxHeadBytes, maxFields: Math.floor(maxHeadBytes / FIELD_BYTES) };
}

export const DEFAULT_LIMITS: Http1Limits = {
  maxStartLineBytes: 64 * 1024,
  // Go's http.DefaultMaxHeaderBytes, Traefik's default for entryPoints.NAME.http.maxHeaderBytes.
  ...headLimits(1024 * 1024),
  maxChunkLineBytes: 1024,
  maxChunkExtensionBytes: 16 * 1024,
  maxTrailerBytes: 64 * 1024,
};

/**
 * Receives a message's parts from a parser, in order: head, body pieces, end.
 * `Kind` is RequestHead or ResponseHead.
 */
export interface MessageSink<Kind> {
  messageHead(head: Kind): void;
  /** A piece of the body without its chunked framing: `bytes[start, end)`, never empty. */
  messageBody(bytes: Uint8Array, start: number, end: number): void;
  /**
   * The message is complete. `trailers` point into `bytes`; null where there were none. Interim
   * responses, a 101 and a 2xx to CONNECT have no end.
   */
  messageEnd(trailers: Fields | null, bytes: Uint8Array): void;
}
