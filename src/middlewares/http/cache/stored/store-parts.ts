import { httpDate } from "../../../../http/date.ts";
import type { LazyResponse } from "../../../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../../../wire/header-list.ts";
import type { CacheKey } from "../cache-key.ts";
import type { Judge } from "../freshness.ts";
import type { Field } from "./header-block.ts";
import { StoredResponse, type VariedField } from "./stored-response.ts";

export interface StoreContext {
  readonly judge: Judge;
  /** The request's fields. */
  readonly request: HeaderList;
  readonly now: number;
  /** What the response was on its way for, in milliseconds. */
  readonly delay: number;
}

/** Fields about one connection, about one answer, or about a body that others are to get in another form. */
const NOT_STORED = new Set([
  "age",
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What a 304 says of these is not about the stored body (RFC 9111 section 3.2). */
const NOT_RENEWED = new Set([...NOT_STORED, "content-encoding", "content-range", "content-type"]);

/** More fields in Vary than this make a response that fits hardly any request. */
const MOST_VARIED = 16;

/** What makes a stored response of an answer, once its body is there; null where it must not or needn't be kept. */
export function storedFrom(
  key: CacheKey,
  { status, reason, headerList }: Pick<LazyResponse, "status" | "reason" | "headerList">,
  { judge, request, now, delay }: StoreContext,
): ((body: Uint8Array) => StoredResponse) | null {
  const freshness = judge(request, { status, headerList }, delay);
  if (freshness === null) return null;
  const { lifetime, staleWhileRevalidate, staleIfError } = freshness;
  const canBeChecked = headerList.has("etag") || headerList.has("last-modified");
  const usable = lifetime + Math.max(staleWhileRevalidate, staleIfError) > freshness.initialAge;
  if (!canBeChecked && !usable) return null;
  const vary = variedFields(headerList, request);
  if (vary === null) return null;
  const fields: Field[] = [];
  for (const [name, value] of headerList.entries())
    if (!NOT_STORED.has(name.toLowerCase())) fields.push([name, value]);
  // Without one a client would take the answer for new.
  if (!headerList.has("date")) fields.push(["Date", httpDate()]);
  return (body) =>
    new StoredResponse({
      ...key,
      status,
      reason,
      fields: status === 204 ? fields : [...fields, ["Content-Length", String(body.length)]],
      body,
      vary,
      freshness,
      receivedAt: now,
    });
}

/** Null where there are too many. */
function variedFields(response: HeaderList, request: HeaderList): VariedField[] | null {
  const names = new Set<string>();
  for (const value of response.all("vary")) {
    for (const part of value.split(",")) {
      const name = part.trim().toLowerCase();
      if (name !== "") names.add(name);
    }
  }
  if (names.size > MOST_VARIED) return null;
  return [...names].sort().map((name) => [name, request.get(name)] as const);
}

/** What is stored with what a 304 says of it; null where it must not be kept any longer. */
export function freshened(
  stored: StoredResponse,
  answer: HeaderList,
  context: StoreContext,
): StoredResponse | null {
  const { url, view, status, reason, body } = stored.parts;
  const renewed = new Set<string>();
  const fields: Field[] = [];
  for (const [name, value] of answer.entries()) {
    const lowerName = name.toLowerCase();
    if (NOT_RENEWED.has(lowerName)) continue;
    renewed.add(lowerName);
    fields.push([name, value]);
  }
  const before = stored.parts.fields.filter(([name]) => {
    const lowerName = name.toLowerCase();
    // The Age of before is over, and the Date as well.
    return !renewed.has(lowerName) && lowerName !== "content-length" && lowerName !== "date";
  });
  const list = HeaderList.from([...before, ...fields]);
  const age = answer.first("age");
  if (age !== null) list.append("Age", age);
  const parts = storedFrom({ url, view }, { status, reason, headerList: list }, context);
  return parts === null ? null : parts(body);
}
