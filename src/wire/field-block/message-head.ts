import { latin1 } from "../../core/bytes.ts";
import { FieldId } from "../field-names.ts";
import { type Fields, STRIDE } from "../fields.ts";
import { isAuthority, Port } from "../http1/head/authority.ts";
import { ASTERISK, NINE, SLASH, TARGET_OR_OBS_TEXT, TOKEN, ZERO } from "../http1/octets.ts";
import { forbiddenTrailer } from "../http1/trailers.ts";
import type { Http2Head } from "../http2/message.ts";
import { encodeObsText } from "../obs-text.ts";
import { TextCache } from "../text-cache.ts";
import type { DecodedBlock } from "./decoded-block.ts";
import { PSEUDO } from "./pseudo.ts";

const HOSTS = new TextCache();

/**
 * A message that breaks RFC 9113 section 8 or RFC 9114 section 4: its stream ends with PROTOCOL_ERROR
 * (RFC 9113 section 8.1.1) or H3_MESSAGE_ERROR (RFC 9114 section 4.1.2).
 */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** A request's head from its decoded block (RFC 9113 section 8.3.1, RFC 9114 section 4.3.1). Throws MalformedError. */
export function requestHead(block: DecodedBlock): Http2Head {
  if (block.fault !== null) throw new MalformedError(block.fault);
  const { method, scheme, path, bytes, fields } = block;
  if (method === null) throw new MalformedError("A request without :method");
  if (!consistsOf(TOKEN, method)) throw new MalformedError(":method is no token");
  if (block.status !== null) throw new MalformedError(":status in a request");
  if (block.protocol !== null) throw new MalformedError(":protocol, which was not offered");
  if (method === "CONNECT") {
    if (scheme !== null || path !== null || !block.authority) {
      throw new MalformedError("CONNECT takes :authority and neither :scheme nor :path");
    }
  } else {
    checkTarget(method, scheme, path);
  }
  const contentLength = takeFields(bytes, fields, true);
  const host = firstOf(fields, FieldId.host);
  return {
    bytes,
    fields,
    method,
    scheme: scheme ?? "",
    authority: host < 0 ? "" : HOSTS.get(bytes, fields[host + 3], fields[host + 4]),
    path: path === null ? "" : encodeObsText(path),
    status: 0,
    contentLength,
  };
}

function checkTarget(method: string, scheme: string | null, path: string | null): void {
  if (scheme !== "http" && scheme !== "https") {
    throw new MalformedError(
      scheme === null ? "A request without :scheme" : ":scheme is neither http nor https",
    );
  }
  if (path === null || path === "") throw new MalformedError("A request without :path");
  const first = path.charCodeAt(0);
  const asterisk = first === ASTERISK && path.length === 1 && method === "OPTIONS";
  if (first !== SLASH && !asterisk) throw new MalformedError(":path does not begin with a slash");
  if (!consistsOf(TARGET_OR_OBS_TEXT, path))
    throw new MalformedError(":path has what no target has");
}

/** A response's head from its decoded block (RFC 9113 section 8.3.2). Throws MalformedError. */
export function responseHead(block: DecodedBlock): Http2Head {
  if (block.fault !== null) throw new MalformedError(block.fault);
  const { status, bytes, fields } = block;
  if (status === null || !/^[1-9]\d\d$/.test(status)) {
    throw new MalformedError(`:status is ${status === null ? "missing" : "no status"}`);
  }
  if (status === "101") throw new MalformedError("101, which HTTP/2 does not have");
  if (hasRequestPseudo(block)) throw new MalformedError("A request's pseudo-header in a response");
  const contentLength = takeFields(bytes, fields, false);
  return {
    bytes,
    fields,
    method: "",
    scheme: "",
    authority: "",
    path: "",
    status: Number(status),
    contentLength,
  };
}

/** A trailer section's fields; what may not stand there is left out. Throws MalformedError. */
export function trailerFields(block: DecodedBlock): Fields {
  if (block.fault !== null) throw new MalformedError(block.fault);
  if (block.status !== null || hasRequestPseudo(block)) {
    throw new MalformedError("A pseudo-header field in a trailer section");
  }
  const { fields } = block;
  for (let at = forbiddenTrailer(fields); at >= 0; at = forbiddenTrailer(fields, at + STRIDE)) {
    fields[at] = FieldId.deleted;
  }
  return fields;
}

function hasRequestPseudo({ method, scheme, authority, path, protocol }: DecodedBlock): boolean {
  return (
    method !== null || scheme !== null || authority !== null || path !== null || protocol !== null
  );
}

/**
 * Looks through a head's fields: marks pseudo-header fields as deleted, makes `:authority` the Host
 * field, and refuses what HTTP/2 has no place for (RFC 9113 section 8.2.2). Returns the
 * Content-Length, or -1.
 */
function takeFields(bytes: Uint8Array, fields: Fields, request: boolean): number {
  let contentLength = -1;
  let host = -1;
  for (let i = 0; i < fields.length; i += STRIDE) {
    const id = fields[i];
    if (id === FieldId.other) continue;
    const start = fields[i + 3];
    const end = fields[i + 4];
    switch (id) {
      case PSEUDO.authority:
      case FieldId.host:
        if (!request) break;
        if (start === end) {
          // It names nothing, as if it weren't there: Go and Traefik serve such requests.
          fields[i] = FieldId.deleted;
        } else if (host < 0) {
          if (!isAuthority(bytes, start, end, Port.optional)) {
            throw new MalformedError("The authority is neither a host nor host:port");
          }
          host = i;
          fields[i] = FieldId.host;
        } else {
          if (!sameBytes(bytes, fields[host + 3], fields[host + 4], start, end)) {
            throw new MalformedError(":authority and Host, or two Host fields, differ");
          }
          fields[i] = FieldId.deleted;
        }
        break;
      case FieldId.contentLength:
        if (contentLength >= 0) throw new MalformedError("More than one Content-Length");
        contentLength = readLength(bytes, start, end);
        break;
      case FieldId.connection:
      case FieldId.proxyConnection:
      case FieldId.keepAlive:
      case FieldId.transferEncoding:
      case FieldId.upgrade:
        throw new MalformedError("A connection-specific field");
      case FieldId.te:
        if (latin1(bytes, start, end).toLowerCase() !== "trailers") {
          throw new MalformedError("TE says more than trailers");
        }
        break;
      default:
        if (id < FieldId.deleted) fields[i] = FieldId.deleted;
    }
  }
  return contentLength;
}

function readLength(bytes: Uint8Array, start: number, end: number): number {
  let length = start === end ? -1 : 0;
  for (let at = start; at < end && length >= 0; at++) {
    const octet = bytes[at];
    length = octet < ZERO || octet > NINE ? -1 : length * 10 + (octet - ZERO);
    if (length > Number.MAX_SAFE_INTEGER) length = -1;
  }
  if (length < 0) throw new MalformedError("Content-Length is no integer up to 2^53-1");
  return length;
}

function firstOf(fields: Fields, id: number): number {
  for (let i = 0; i < fields.length; i += STRIDE) if (fields[i] === id) return i;
  return -1;
}

function sameBytes(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false;
  for (; a < aEnd; a++, b++) if (bytes[a] !== bytes[b]) return false;
  return true;
}

function consistsOf(allowed: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (allowed[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}
