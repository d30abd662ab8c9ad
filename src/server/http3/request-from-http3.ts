import { latin1Bytes } from "../../core/bytes.ts";
import type { Body } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { Http3Fields } from "../../net/http3.ts";
import { fieldIdOfName } from "../../wire/field-names.ts";
import { HeaderList } from "../../wire/header-list.ts";
import { isAuthority, Port } from "../../wire/http1/head/authority.ts";
import type { Http1Limits } from "../../wire/http1/message.ts";
import { TARGET, TOKEN, VALUE } from "../../wire/http1/octets.ts";
import { forbiddenInTrailers } from "../../wire/http1/trailers.ts";

/** A request that breaks RFC 9114 section 4: its stream ends with H3_MESSAGE_ERROR. */
export class MalformedRequest extends Error {
  override readonly name = "MalformedRequest";
}

/** The head of a request, checked. */
export interface Http3Head {
  readonly method: string;
  /** `:authority`, else the Host field. */
  readonly authority: string;
  /** Origin form or "*"; "" for CONNECT. */
  readonly path: string;
  /** The regular fields, with the authority as Host in front. */
  readonly fields: HeaderList;
  /** -1 where the head names no Content-Length. */
  readonly contentLength: number;
}

/** Fields that HTTP/3 has no place for (RFC 9114 section 4.2). */
const CONNECTION_SPECIFIC = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
/** What RFC 9114 section 4.2.2 counts for a field besides its name and value. */
const FIELD_OVERHEAD = 32;

/** Methods whose requests seldom have a body: whether there is one is seen before anybody has the request. */
const BODILESS = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "CONNECT"]);

/** A body is to be expected, and nothing to be waited for. */
export function announcesBody({ method, contentLength }: Http3Head): boolean {
  return contentLength > 0 || (contentLength < 0 && !BODILESS.has(method));
}

/** Checks a head as the engine of HTTP/2 checks its own (RFC 9114 section 4.3.1). Throws MalformedRequest. */
export function http3Head(lines: Http3Fields): Http3Head {
  const pseudo = new Map<string, string>();
  const regular: Http3Fields = [];
  const cookies: string[] = [];
  let host: string | null = null;
  let contentLength = -1;
  let regularSeen = false;
  for (const [name, value] of lines) {
    if (!consistsOf(VALUE, value)) throw new MalformedRequest(`A field "${name}" with a control`);
    if (name.startsWith(":")) {
      if (regularSeen) throw new MalformedRequest(`${name} behind a regular field`);
      if (pseudo.has(name)) throw new MalformedRequest(`Two fields ${name}`);
      pseudo.set(name, value);
      continue;
    }
    regularSeen = true;
    checkName(name);
    if (CONNECTION_SPECIFIC.has(name)) throw new MalformedRequest("A connection-specific field");
    if (name === "te" && value.toLowerCase() !== "trailers") {
      throw new MalformedRequest("TE says more than trailers");
    }
    if (name === "host") {
      if (host !== null) throw new MalformedRequest("Two Host fields");
      host = value;
    } else if (name === "content-length") {
      if (contentLength >= 0) throw new MalformedRequest("More than one Content-Length");
      contentLength = lengthOf(value);
      regular.push([name, value]);
    } else if (name === "cookie") {
      cookies.push(value);
    } else {
      regular.push([name, value]);
    }
  }
  // Clients may split cookies into several fields; everybody else expects one (RFC 9114 section 4.2.1).
  if (cookies.length > 0) regular.push(["cookie", cookies.join("; ")]);
  const authority = authorityOf(pseudo.get(":authority"), host);
  const { method, path } = lineOf(pseudo);
  regular.unshift(["host", authority]);
  return { method, authority, path, fields: HeaderList.from(regular), contentLength };
}

/**
 * Checks a trailer section: on the way to a server of HTTP/1.1 its fields are lines of text, which a
 * control in one of them would end. What may not stand there is left out. Throws MalformedRequest.
 */
export function http3Trailers(lines: Http3Fields, limits: HeadLimits): HeaderList {
  if (isTooLarge(lines, limits)) throw new MalformedRequest("More trailers than allowed");
  const trailers = new HeaderList();
  for (const [name, value] of lines) {
    if (!consistsOf(VALUE, value)) throw new MalformedRequest("A trailer with a control");
    checkName(name);
    if (!forbiddenInTrailers(fieldIdOfName(name))) trailers.append(name, value);
  }
  return trailers;
}

/** Pseudo-header fields have no token for a name. */
function checkName(name: string): void {
  if (name === "" || !consistsOf(TOKEN, name) || name !== name.toLowerCase()) {
    throw new MalformedRequest("A field's name is no token in lower case");
  }
}

type HeadLimits = Pick<Http1Limits, "maxHeadBytes" | "maxFields">;

/** True where a head or a trailer section is more than the entrypoint takes. */
export function isTooLarge(lines: Http3Fields, { maxHeadBytes, maxFields }: HeadLimits): boolean {
  return lines.length > maxFields || http3HeadSize(lines) > maxHeadBytes;
}

/** The size of a head or a trailer section as RFC 9114 section 4.2.2 counts it, in bytes. */
export function http3HeadSize(lines: Http3Fields): number {
  let size = 0;
  for (const [name, value] of lines) size += name.length + value.length + FIELD_OVERHEAD;
  return size;
}

function lineOf(pseudo: ReadonlyMap<string, string>): { method: string; path: string } {
  const method = pseudo.get(":method") ?? "";
  if (method === "" || !consistsOf(TOKEN, method))
    throw new MalformedRequest(":method is no token");
  for (const name of pseudo.keys()) {
    if (!/^:(method|scheme|authority|path)$/.test(name)) {
      throw new MalformedRequest(`${name}, which was not offered`);
    }
  }
  const scheme = pseudo.get(":scheme");
  const path = pseudo.get(":path");
  if (method === "CONNECT") {
    if (scheme !== undefined || path !== undefined || !pseudo.has(":authority")) {
      throw new MalformedRequest("CONNECT takes :authority and neither :scheme nor :path");
    }
    return { method, path: "" };
  }
  if (scheme !== "https" && scheme !== "http") {
    throw new MalformedRequest(":scheme is neither http nor https");
  }
  if (path === undefined || path === "" || !consistsOf(TARGET, path)) {
    throw new MalformedRequest(":path is no request target");
  }
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) {
    throw new MalformedRequest(":path does not begin with a slash");
  }
  return { method, path };
}

function authorityOf(pseudo: string | undefined, host: string | null): string {
  if (pseudo !== undefined && host !== null && pseudo !== host) {
    throw new MalformedRequest(":authority and Host differ");
  }
  const authority = pseudo ?? host;
  if (authority === null) throw new MalformedRequest("A request without :authority and Host");
  const bytes = latin1Bytes(authority);
  if (!isAuthority(bytes, 0, bytes.length, Port.optional)) {
    throw new MalformedRequest("The authority is neither a host nor host:port");
  }
  return authority;
}

function lengthOf(value: string): number {
  const length = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new MalformedRequest("Content-Length is no integer up to 2^53-1");
}

/** Latin-1 text of octets that `allowed` has. */
function consistsOf(allowed: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (allowed[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/** What handlers get to see of an HTTP/3 request. */
export function requestFromHttp3(
  exchange: Exchange,
  head: Http3Head,
  body: Body | null,
): LazyRequest {
  exchange.target = head.path;
  exchange.host = head.authority;
  return new LazyRequest(
    exchange,
    head.method,
    "https",
    head.authority,
    head.path,
    head.fields,
    body,
  );
}
