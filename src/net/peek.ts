import { latin1Bytes } from "../core/bytes.ts";

/** What a connection's first bytes say it speaks; "more" where they don't say yet. */
export type Protocol =
  | "http1"
  | "http2-preface"
  | "tls"
  | "proxy-protocol-v1"
  | "proxy-protocol-v2"
  | "postgres-starttls"
  | "unknown"
  | "more";

/** RFC 9113 section 3.4. */
const HTTP2_PREFACE = latin1Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** The PROXY protocol's specification, section 2.1. */
const PROXY_V1 = latin1Bytes("PROXY ");
/** Section 2.2. An HTTP request may begin with empty lines too (RFC 9112 section 2.2), but not go on with NUL. */
const PROXY_V2 = latin1Bytes("\r\n\r\n\0\r\nQUIT\n");
/** SSLRequest: length 8, code 1234.5679 (PostgreSQL's documentation, "Message Formats"). */
const POSTGRES_SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

const TLS_HANDSHAKE = 0x16;
/** All versions of TLS, and SSL 3, have it in a record's header (RFC 8446 section 5.1). */
const TLS_MAJOR_VERSION = 3;

/** No method that anybody uses is half as long. */
const MAX_METHOD = 64;

/**
 * Says which protocol `bytes[0, length)`, a connection's first bytes, begin. Decides as soon as they
 * suffice and looks no further; "more" is said of at most 64 bytes.
 */
export function classify(bytes: Uint8Array, length: number): Protocol {
  if (length === 0) return "more";
  switch (bytes[0]) {
    case TLS_HANDSHAKE:
      if (length < 2) return "more";
      return bytes[1] === TLS_MAJOR_VERSION ? "tls" : "unknown";
    case 0x00:
      return whole(bytes, length, POSTGRES_SSL_REQUEST, "postgres-starttls") ?? "unknown";
    case 0x0d:
      return whole(bytes, length, PROXY_V2, "proxy-protocol-v2") ?? behindEmptyLines(bytes, length);
    case 0x50: // "P"
      return (
        whole(bytes, length, PROXY_V1, "proxy-protocol-v1") ??
        whole(bytes, length, HTTP2_PREFACE, "http2-preface") ??
        requestLine(bytes, 0, length)
      );
    default:
      return requestLine(bytes, 0, length);
  }
}

/** True while `bytes[0, length)` are the beginning of a PROXY protocol header's signature. */
export function mayBecomeProxyHeader(bytes: Uint8Array, length: number): boolean {
  return (
    whole(bytes, length, PROXY_V1, "proxy-protocol-v1") === "more" ||
    whole(bytes, length, PROXY_V2, "proxy-protocol-v2") === "more"
  );
}

/** `protocol` where the bytes begin with its `signature`, "more" where they may come to, undefined where they don't. */
function whole(
  bytes: Uint8Array,
  length: number,
  signature: Uint8Array,
  protocol: Protocol,
): Protocol | undefined {
  const end = Math.min(length, signature.length);
  for (let i = 0; i < end; i++) {
    if (bytes[i] !== signature[i]) return undefined;
  }
  return end === signature.length ? protocol : "more";
}

function behindEmptyLines(bytes: Uint8Array, length: number): Protocol {
  let at = 0;
  while (at < length && at < MAX_METHOD && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  return requestLine(bytes, at, length);
}

/** A method and a space (RFC 9112 section 3). */
function requestLine(bytes: Uint8Array, start: number, length: number): Protocol {
  const end = Math.min(length, MAX_METHOD);
  for (let i = start; i < end; i++) {
    if (bytes[i] === 0x20) return i > start ? "http1" : "unknown";
    if (!isTokenByte(bytes[i])) return "unknown";
  }
  return length < MAX_METHOD ? "more" : "unknown";
}

const HTTP_NAME = latin1Bytes("http/");

/**
 * True where the first line is there and has three words, as a request's has, but names HTTP nowhere,
 * in whatever case: an answer in HTTP would be none to the client that sent it.
 */
export function isForeignRequest(bytes: Uint8Array): boolean {
  const feed = bytes.indexOf(0x0a);
  const space = bytes.indexOf(0x20, bytes.indexOf(0x20) + 1);
  if (space < 0 || feed < space) return false;
  for (let start = 0; start <= feed - HTTP_NAME.length; start++) {
    let i = 0;
    // Bit 5 makes letters lower case, and leaves the slash as it is.
    while (i < HTTP_NAME.length && (bytes[start + i] | 0x20) === HTTP_NAME[i]) i++;
    if (i === HTTP_NAME.length) return false;
  }
  return true;
}

/** RFC 9110 section 5.6.2. */
function isTokenByte(byte: number): boolean {
  if (byte >= 0x61 && byte <= 0x7a) return true;
  if (byte >= 0x41 && byte <= 0x5a) return true;
  if (byte >= 0x30 && byte <= 0x39) return true;
  switch (byte) {
    case 0x21: // !
    case 0x23: // #
    case 0x24: // $
    case 0x25: // %
    case 0x26: // &
    case 0x27: // '
    case 0x2a: // *
    case 0x2b: // +
    case 0x2d: // -
    case 0x2e: // .
    case 0x5e: // ^
    case 0x5f: // _
    case 0x60: // `
    case 0x7c: // |
    case 0x7e: // ~
      return true;
    default:
      return false;
  }
}
