import { Body } from "../../../../http/body.ts";
import type { Exchange } from "../../../../http/exchange.ts";
import { parseHttpDate } from "../../../../http/fields/http-date.ts";
import { LazyResponse, reasonOf } from "../../../../http/lazy/lazy-response.ts";
import { FieldId } from "../../../../wire/field-names.ts";
import type { HeaderList } from "../../../../wire/header-list.ts";
import { byteRanges } from "../../files/byte-ranges.ts";
import type { RequestFacts } from "../request-facts.ts";
import { storedBody } from "./stored-body.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface AnswerOptions {
  readonly method: string;
  readonly exchange: Exchange;
  /** Null where the request says nothing that matters here. */
  readonly facts: RequestFacts | null;
  readonly now: number;
  /** Cache-Status; "" for none. */
  readonly status: string;
}

/** What of a stored response goes into a 304 (RFC 9110 section 15.4.5), beside what describes the cache's answer. */
const NOT_IN_304 = ["content-length", "content-type", "content-encoding", "content-language"];

/** The answer to a request from a stored response: all of it, a part, or that the client has it already. */
export function storedAnswer(stored: StoredResponse, options: AnswerOptions): Response {
  const { facts, exchange, method } = options;
  const { status, reason, body } = stored.parts;
  const list = stored.headers(options.now, options.status);
  if (facts !== null && status === 200) {
    if (isNotModified(stored, facts)) {
      for (const name of NOT_IN_304) list.delete(name);
      return LazyResponse.received(exchange, 304, list, null, reasonOf(304));
    }
    if (facts.range !== null && method === "GET") {
      const part = partOf(stored, facts, list, exchange);
      if (part !== null) return part;
    }
  }
  const bare = method === "HEAD" || status === 204;
  return LazyResponse.received(exchange, status, list, bare ? null : storedBody(body), reason);
}

function partOf(
  stored: StoredResponse,
  facts: RequestFacts,
  list: HeaderList,
  exchange: Exchange,
): Response | null {
  const { body } = stored.parts;
  if (facts.ifRange !== null && !rangeHolds(stored, facts.ifRange)) return null;
  const ranges = byteRanges(facts.range!, body.length);
  // Several are as good as none: the whole is in memory, and goes as it is.
  if (ranges === null || ranges.length > 1) return null;
  if (ranges.length === 0) {
    for (const name of NOT_IN_304) list.delete(name);
    list.set("Content-Range", `bytes */${body.length}`);
    return LazyResponse.received(exchange, 416, list, Body.of(new Uint8Array(0)), reasonOf(416));
  }
  const [{ start, end }] = ranges;
  list.setId(FieldId.contentLength, String(end - start));
  list.set("Content-Range", `bytes ${start}-${end - 1}/${body.length}`);
  const part = storedBody(body.subarray(start, end));
  return LazyResponse.received(exchange, 206, list, part, reasonOf(206));
}

/** RFC 9110 section 13.2.2, steps 3 and 4; a date in the future is none. */
export function isNotModified(stored: StoredResponse, facts: RequestFacts): boolean {
  const { ifNoneMatch, ifModifiedSince } = facts;
  if (ifNoneMatch !== null) {
    if (ifNoneMatch.trim() === "*") return true;
    const { etag } = stored;
    return etag !== null && entityTags(ifNoneMatch).includes(weak(etag));
  }
  if (ifModifiedSince === null) return false;
  const modified = stored.lastModified ?? stored.first("date");
  const since = parseHttpDate(ifModifiedSince);
  const time = modified === null ? null : parseHttpDate(modified);
  return since !== null && time !== null && time <= since;
}

/** RFC 9110 section 13.1.5: strong comparison; a date is one only where it is the same. */
function rangeHolds({ etag, lastModified }: StoredResponse, ifRange: string): boolean {
  const field = ifRange.trim();
  if (/^(?:W\/)?"/.test(field)) return field === etag && !field.startsWith("W/");
  return lastModified !== null && field === lastModified;
}

function entityTags(field: string): string[] {
  return Array.from(field.matchAll(/(?:W\/)?("[^"]*")/g), ([, tag]) => tag);
}

function weak(etag: string): string {
  return etag.replace(/^W\//, "");
}
