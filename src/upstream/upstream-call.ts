import { ProxyError } from "../core/errors.ts";
import { FreeList } from "../core/free-list.ts";
import { now } from "../core/timers.ts";

import type { Body, TrailerJudge } from "../http/body.ts";
import { Exchange, NO_DOWNSTREAM } from "../http/exchange.ts";
import { judgeTrailers } from "../http/fields/trailer-rules.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import type { LazyResponse } from "../http/lazy/lazy-response.ts";
import { PendingResponse } from "../http/pending-response.ts";
import { BodyLength } from "../wire/body-length.ts";
import { FieldId } from "../wire/field-names.ts";
import { HeaderList } from "../wire/header-list.ts";
import type { OutgoingRequest } from "../wire/outgoing-request.ts";
import type { UpstreamTarget } from "./upstream-target.ts";

/** How long `Expect: 100-continue` waits for the upstream's word before the body goes anyway, in milliseconds, as in Traefik's transport. */
export const EXPECT_CONTINUE_TIMEOUT = 1000;

/** For the rest of a request body that the upstream wants no more of. */
export const ANSWERED_EARLY = new ProxyError(
  "aborted",
  "upstream",
  "The upstream answered before it had the whole request",
);

/** The server has taken the request and says nothing. */
export function responseTimeout(): ProxyError {
  return new ProxyError(
    "response-timeout",
    "upstream",
    "No response head within the responseHeaderTimeout",
  );
}

/** What a call needs of the connection it is on. */
export interface CallCarrier {
  /** The call is over for the caller: drop the connection and whatever is on it. */
  abandon(error: ProxyError): void;
}

/** Methods that may be sent twice without asking (Go's net/http uses the same set). */
function isReplayable(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

const FREE = new FreeList<UpstreamCall>();
/** Those of a call that waits to become another one. */
const NO_EXCHANGE = new Exchange(NO_DOWNSTREAM, 0);
const NO_REQUEST = new LazyRequest(NO_EXCHANGE, "", "", "", "", new HeaderList(), null);

/**
 * One request on its way to one upstream, across the tries that it may take. Settles once: with the
 * response's head (its body follows by itself), or with a ProxyError.
 */
export class UpstreamCall extends PendingResponse implements OutgoingRequest, TrailerJudge {
  request: LazyRequest;
  target: UpstreamTarget;
  body: Body | null;
  /** Null until a connection serves it, and after it has settled. */
  carrier: CallCarrier | null = null;
  /** A fresh connection was asked for, after a pooled one turned out to be dead. */
  fresh = false;
  /** How often a server has refused it without looking at it (HTTP/2). */
  refusals = 0;
  private startedAt = now();
  private settled = false;
  private answer: LazyResponse | null = null;

  constructor(request: LazyRequest, target: UpstreamTarget) {
    const { exchange } = request;
    super(exchange);
    this.request = request;
    this.target = target;
    this.body = request.takeBody();
    this.begin();
  }

  /** A call like a new one, a part of its exchange; one that was recycled, where there is one. */
  static to(request: LazyRequest, target: UpstreamTarget): UpstreamCall {
    const { exchange } = request;
    let call = FREE.take();
    if (call === undefined) {
      call = new UpstreamCall(request, target);
    } else {
      call.exchange = exchange;
      call.request = request;
      call.target = target;
      call.body = request.takeBody();
      call.startedAt = now();
      call.begin();
    }
    exchange.own(call);
    return call;
  }

  recycle(): void {
    if (!this.settled || this.answer !== null || !this.renew(NO_EXCHANGE)) return;
    this.request = NO_REQUEST;
    this.body = null;
    this.fresh = false;
    this.refusals = 0;
    this.settled = false;
    FREE.give(this);
  }

  private begin(): void {
    const { body, exchange } = this;
    if (body !== null) body.trailerJudge = this;
    // A mirror or a retry may have a call under way already: then both hear of it.
    if (exchange.call === null) exchange.call = this;
    else this.abortWith(exchange);
  }

  // A method of its own: a function that has a closure in it makes a scope for it at each call.
  private abortWith(exchange: Exchange): void {
    exchange.onAbort((error) => this.abort(error));
  }

  get done(): boolean {
    return this.settled;
  }

  // --- the request as its head is written ---

  get method(): string {
    return this.request.method;
  }

  get headerList(): HeaderList {
    return this.request.headerList;
  }

  get upgrade(): string {
    return this.request.upgrade;
  }

  get authority(): string {
    const { request, target } = this;
    // An HTTP/1.0 client may have named none.
    return target.passHostHeader && request.host !== "" ? request.host : target.authority;
  }

  get path(): string {
    const { request, target } = this;
    return target.basePath === "" ? request.target : target.basePath + request.target;
  }

  /** X-Forwarded-For with the peer's address appended, as Traefik's proxy step does. */
  get forwardedFor(): string {
    const { forwardPeer, exchange, headerList } = this.request;
    const peer = forwardPeer ? exchange.downstream.remote.ip : "";
    const before =
      headerList.findId(FieldId.xForwardedFor) < 0 ? null : headerList.get("x-forwarded-for");
    return before === null ? peer : peer === "" ? before : `${before}, ${peer}`;
  }

  judgeTrailers(trailers: HeaderList): ProxyError | null {
    return judgeTrailers(trailers, this.request.headerList, this.exchange.underscores);
  }

  get bodyLength(): number {
    return this.body === null ? BodyLength.unsaid : this.body.length;
  }

  get expectsContinue(): boolean {
    return this.body !== null && this.request.headerList.findId(FieldId.expect) >= 0;
  }

  // --- its way ---

  /** Nothing of the body has been read: the request can still be sent whole. */
  get unsent(): boolean {
    return this.body === null || !this.body.used;
  }

  /** True where sending the request once more can't be noticed as a second request. */
  get replayable(): boolean {
    return !this.fresh && this.unsent && isReplayable(this.request.method);
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

  /** Gives the response to the receiver that waits for it. */
  deliver(): void {
    const { answer } = this;
    if (answer === null) return;
    this.answer = null;
    this.resolve(answer);
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
