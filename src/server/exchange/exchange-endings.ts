import { messageOf, ProxyError } from "../../core/errors.ts";
import type { LazyResponse } from "../../http/lazy/lazy-response.ts";

/** How long a client has to take the answer to a request that timed out, in milliseconds. */
export const LAST_WORDS = 2000;

/** How long an idle connection stays at a graceful shutdown, in milliseconds: a request may be on its way. */
export const DRAIN_MOMENT = 500;

export function clientGone(message: string): ProxyError {
  return new ProxyError("client-gone", "downstream", message);
}

/** The client's stream is over before the response; `error` says what is known of that. */
export function streamGone(error?: Error): ProxyError {
  return clientGone(
    error === undefined
      ? "The client ended the stream"
      : `The client's stream failed: ${messageOf(error)}`,
  );
}

export function readTimeoutPassed(part: "head" | "body"): ProxyError {
  return new ProxyError(
    "request-timeout",
    "downstream",
    `The request's ${part} did not arrive within the readTimeout`,
  );
}

export function writeTimeoutPassed(): ProxyError {
  return new ProxyError(
    "response-timeout",
    "upstream",
    "There was no response within the writeTimeout",
  );
}

export function graceTimeOver(): ProxyError {
  return new ProxyError(
    "draining",
    "internal",
    "The grace time of the shutdown ended before the response",
  );
}

export function bodyTooFast(): ProxyError {
  return new ProxyError(
    "body-too-large",
    "downstream",
    "The request's body is taken more slowly than the client sends it, which HTTP/3 has no means against here",
  );
}

/** A response that the protocol can't carry, though it is in order. */
export const UNSENDABLE = new ProxyError(
  "upstream-protocol",
  "upstream",
  "The response has more fields than the runtime can send",
);

/** A handler's 1xx: those go out by `Exchange.downstream`, and 101 with the connection that it switches to. */
export const MISUSED_INTERIM = new ProxyError(
  "handler-failed",
  "internal",
  "A handler answered with an interim status",
);

/** A response whose client went away meanwhile. */
export function discard(response: LazyResponse): void {
  response.takeBody()?.cancel(clientGone("The client went away"));
  response.tunnel?.connection.reset();
}
