import { ProxyError } from "../../core/errors.ts";
import type { Body } from "../../http/body.ts";
import type { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { BodyLength } from "../../wire/body-length.ts";

/** A body that turned out longer or shorter than announced: the response can't be ended cleanly. */
export const MISCOUNTED = new ProxyError(
  "handler-failed",
  "internal",
  "A response body has another length than its Content-Length says",
);

/** Why a request's body ends for those who still read it. */
export const UNREAD = new ProxyError(
  "aborted",
  "internal",
  "The response was sent before the request's body had been received",
);

/** The body that goes on the wire, if this response has one there (RFC 9110 section 6.4.1). */
export function bodyToSend(response: LazyResponse, method: string): Body | null {
  const body = response.takeBody();
  const { status } = response;
  if (body === null || (method !== "HEAD" && status !== 204 && status !== 304)) return body;
  body.cancel(new ProxyError("aborted", "internal", "The response has no body on the wire"));
  return null;
}

/** What Content-Length says of the body that `bodyToSend` gave, or a `BodyLength`. */
export function lengthToSay(response: LazyResponse, body: Body | null, method: string): number {
  if (body === null) {
    if (response.status === 204) return BodyLength.unsaid;
    if (method !== "HEAD" && response.status !== 304) return 0;
    const length = response.headerList.first("content-length");
    return length === null ? BodyLength.unsaid : Number(length);
  }
  if (body.length >= 0) return body.length;
  return response.adopted && body.complete ? body.received : BodyLength.open;
}

/**
 * True where a head over HTTP/2 or HTTP/3 says that length: the stream's end says as well that there is no
 * body, and gRPC has no length beside its trailers. `end`: nothing follows the head.
 */
export function isLengthSaid(length: number, method: string, end: boolean): boolean {
  return length > 0 || (length === 0 && (!end || method === "HEAD"));
}

/** Microtasks that a platform's Response gets to have its body at hand. */
const PATIENCE = 12;

/**
 * A platform's Response gives its body by promises, though most have it at hand: a few microtasks
 * of patience put head and body into one write and give the body a Content-Length.
 */
export async function awaitBody(response: LazyResponse): Promise<void> {
  const body = response.takeBody();
  for (let i = 0; i < PATIENCE && body !== null && !body.complete; i++) await null;
}
