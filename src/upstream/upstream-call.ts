import type { ProxyError } from "../core/errors.ts";
import { now } from "../core/timers.ts";
import type { Body } from "../http/body.ts";
import type { LazyRequest } from "../http/lazy-request.ts";
import type { LazyResponse } from "../http/lazy-response.ts";
import { PendingResponse } from "../http/pending-response.ts";
import type { UpstreamTarget } from "./upstream-target.ts";

/** What a call needs of the connection it is on. */
export interface CallCarrier {
  /** The call is over for the caller: drop the connection and whatever is on it. */
  abandon(error: ProxyError): void;
}

/** Methods that may be sent twice without asking (Go's net/http uses the same set). */
function isReplayable(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/**
 * One request on its way to one upstream, across the tries that it may take. Settles once: with the
 * response's head (its body follows by itself), or with a ProxyError.
 */
export class UpstreamCall extends PendingResponse {
  readonly request: LazyRequest;
  readonly target: UpstreamTarget;
  readonly body: Body | null;
  /** Null until a connection serves it, and after it has settled. */
  carrier: CallCarrier | null = null;
  /** A fresh connection was asked for, after a pooled one turned out to be dead. */
  fresh = false;
  private readonly startedAt = now();
  private settled = false;
  private answer: LazyResponse | null = null;

  constructor(request: LazyRequest, target: UpstreamTarget) {
    const { exchange } = request;
    super(exchange);
    this.request = request;
    this.target = target;
    this.body = request.takeBody();
    // A mirror or a retry may have a call under way already: then both hear of it.
    if (exchange.call === null) exchange.call = this;
    else exchange.onAbort((error) => this.abort(error));
  }

  get done(): boolean {
    return this.settled;
  }

  /** True where sending the request once more can't be noticed as a second request. */
  get replayable(): boolean {
    return (
      !this.fresh &&
      (this.body === null || this.body.length === 0) &&
      isReplayable(this.request.method)
    );
  }

  /** The response's head is there; `deliver` follows when the read event that brought it is over. */
  answered(response: LazyResponse): void {
    if (this.settled) return;
    this.settled = true;
    this.carrier = null;
    this.answer = response;
    const { exchange } = this;
    if (exchange.call === this) exchange.call = null;
    exchange.originStatus = response.status;
    exchange.originDuration = now() - this.startedAt;
    exchange.originHeaders = response.headerList;
  }

  /** Gives the response to whoever waits for it. */
  deliver(): void {
    const { answer } = this;
    if (answer === null) return;
    this.answer = null;
    this.resolve(answer as unknown as Response);
  }

  fail(error: ProxyError): void {
    if (this.settled) return;
    this.settled = true;
    this.carrier = null;
    const { exchange } = this;
    if (exchange.call === this) exchange.call = null;
    exchange.originDuration = now() - this.startedAt;
    this.body?.cancel(error);
    this.reject(error);
  }

  abort(error: ProxyError): void {
    if (this.settled) return;
    const { carrier } = this;
    this.fail(error);
    carrier?.abandon(error);
  }
}
