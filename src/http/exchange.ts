import type { ProxyError } from "../core/errors.ts";
import { FreeList } from "../core/free-list.ts";
import { now } from "../core/timers.ts";
import type { Address } from "../net/connection.ts";
import type { TlsInfo } from "../net/tls.ts";
import type { HeaderList } from "../wire/header-list.ts";
import type { UnderscoreStrategy } from "./fields/trailer-rules.ts";
import {
  DEFAULT_OBSERVABILITY,
  type Meter,
  type Observability,
  type Trace,
} from "./observability.ts";

/** The TLS options that a connection's handshake went by. */
export interface HandshakeOptions {
  /** Qualified, or "default". */
  readonly name: string;
  /** False where the present configuration asks of clients what the handshake didn't. */
  readonly inForce: boolean;
}

/** The connection (or stream) that a request came on, as handlers may see it. */
export interface Downstream {
  readonly entryPoint: string;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo | null;
  /** Null without TLS. */
  readonly tlsOptions: HandshakeOptions | null;
  /** "HTTP/1.0", "HTTP/1.1", "HTTP/2.0" or "HTTP/3.0". */
  readonly protocol: string;
  /** Sends an interim response (1xx other than 101) before the final one. Does nothing where it can't. */
  informational(status: number, headers: HeaderList): void;
  /** Aborts what its request waits for, and answers with the error's status. Not given where there is no connection of ours. */
  giveUp?(error: ProxyError): void;
}

/** Work that ends early with its exchange. */
export interface Abortable {
  abort(error: ProxyError): void;
}

const UNKNOWN_ADDRESS: Address = { ip: "", port: 0 };

/** What can become a part of another exchange, when nothing refers to it any more. */
export interface Recyclable {
  /** To be called once. It looks itself whether something may still refer to it. */
  recycle(): void;
}

/** For requests that come from a plain fetch handler's caller instead of a connection of ours. */
export const NO_DOWNSTREAM: Downstream = {
  entryPoint: "",
  remote: UNKNOWN_ADDRESS,
  local: UNKNOWN_ADDRESS,
  tls: null,
  tlsOptions: null,
  protocol: "HTTP/1.1",
  informational() {},
};

const FREE = new FreeList<Exchange>();

/**
 * What belongs to one request and its response and the Web types cannot carry. One is made for each
 * request. Middlewares and services note here what the access log, metrics and tracing report.
 */
export class Exchange {
  downstream: Downstream;
  /** Milliseconds of `now()` at which the request's head was complete. */
  startedAt: number;

  // --- as the client sent it, whatever middlewares make of the request later ---
  method = "";
  /** The request target as received. */
  target = "";
  /** The Host field or the target's authority, as received. */
  host = "";
  /** The path rules match: decoded except RFC 3986 reserved characters and "%". */
  routingPath = "";
  /** The canonical host rules match: lower case, without port and trailing dot. */
  routingHost = "";

  // --- as they stood when the access log saw the request, before routers and their middlewares ---
  /** Path and query after normalisation; "" where nothing normalised them and `target` stands. */
  normalTarget = "";
  /** The request's header list, the same object that middlewares change. */
  requestHeaders: HeaderList | null = null;
  /** X-Forwarded-For once the entrypoint has judged it; "" where there is none. */
  forwardedFor = "";
  /** Count of requests that the access log has seen, this one included; 0 until it does. */
  requestCount = 0;

  // --- noted on the way, for the access log and others ---
  /** Qualified names (`name@provider`); "" until known. */
  router = "";
  service = "";
  /** The chosen server's URL. */
  serverUrl = "";
  /** The chosen server's host:port. */
  serverAddress = "";
  clientUsername = "";
  /** Status that the service gave; 0 where no service answered. */
  originStatus = 0;
  /** Milliseconds between asking the service and its response head. */
  originDuration = 0;
  originHeaders: HeaderList | null = null;
  /** Body bytes that the service gave; -1 where the client gets just them, so that `responseBytes` holds. */
  originBytes = -1;
  /** Tries beyond the first. */
  retries = 0;
  /** The failure that made the response, if one did. */
  error: unknown = null;
  /** The entrypoint's word on fields with a "_" in their name, for trailers. */
  underscores: UnderscoreStrategy = "keep";
  /** Of the router, for the observers of services. */
  observability: Observability = DEFAULT_OBSERVABILITY;

  /** Null where tracing is off. */
  trace: Trace | null = null;

  // --- noted by metrics ---
  /** What the client speaks inside of HTTP, of `RequestProtocol`. */
  protocol = 0;
  /** What counts it beside its entrypoint; null where nothing does. */
  routerMeter: Meter | null = null;
  serviceMeter: Meter | null = null;
  serverMeter: Meter | null = null;
  /** When the present try to have a server answer began, in milliseconds of `now()`. */
  triedAt = 0;

  // --- filled in by the connection driver when the response is on its way ---
  status = 0;
  requestBytes = 0;
  responseBytes = 0;
  /** What was sent. */
  responseHeaders: HeaderList | null = null;
  /** What was sent behind the body, where there was any. */
  responseTrailers: HeaderList | null = null;

  private controller: AbortController | null = null;
  private abortReason: ProxyError | null = null;
  private abortHooks: ((error: ProxyError) => void)[] | null = null;
  // Access log, metrics and tracing have one each, others hardly ever: no array for these.
  private firstFinishHook: ((exchange: Exchange) => void) | null = null;
  private secondFinishHook: ((exchange: Exchange) => void) | null = null;
  private thirdFinishHook: ((exchange: Exchange) => void) | null = null;
  private finishHooks: ((exchange: Exchange) => void)[] | null = null;
  /** The call to an upstream that is under way; aborted with the exchange. */
  call: Abortable | null = null;

  /** Objects that were made for this exchange, and go with it. */
  private readonly parts: Recyclable[] = [];
  private retained = false;

  constructor(downstream: Downstream, startedAt = now()) {
    this.downstream = downstream;
    this.startedAt = startedAt;
  }

  /** An exchange like a new one; one that was recycled, where there is one. */
  static begin(downstream: Downstream): Exchange {
    const exchange = FREE.take();
    if (exchange === undefined) return new Exchange(downstream);
    exchange.downstream = downstream;
    exchange.startedAt = now();
    exchange.retained = false;
    return exchange;
  }

  // --- what becomes of it and its parts behind its end ---

  /** That object is used again with the exchange, unless it is retained. */
  own(part: Recyclable): void {
    this.parts.push(part);
  }

  /**
   * Code that may go on behind the exchange's end has seen it, its request, its response, or what
   * belongs to them: none of them becomes another request's. To be called before user code gets any
   * of them, and by links that keep something for later. Promises and abort signals do it by themselves.
   */
  retain(): void {
    this.retained = true;
  }

  /**
   * The driver's, last of all: nothing refers to the exchange any more. It and its parts become those
   * of other requests, unless it was retained or did not come to a clean end.
   */
  recycle(): void {
    const { parts } = this;
    if (
      this.retained ||
      this.abortReason !== null ||
      this.controller !== null ||
      this.abortHooks !== null ||
      this.call !== null
    ) {
      return;
    }
    // Once: a second time would give it to two requests.
    this.retained = true;
    for (let i = 0; i < parts.length; i++) parts[i].recycle();
    parts.length = 0;
    this.reset();
    FREE.give(this);
  }

  /** As the declarations have it; the test of recycling compares the two. */
  private reset(): void {
    this.downstream = NO_DOWNSTREAM;
    this.method = "";
    this.target = "";
    this.host = "";
    this.routingPath = "";
    this.routingHost = "";
    this.normalTarget = "";
    this.requestHeaders = null;
    this.underscores = "keep";
    this.forwardedFor = "";
    this.requestCount = 0;
    this.router = "";
    this.service = "";
    this.serverUrl = "";
    this.serverAddress = "";
    this.clientUsername = "";
    this.originStatus = 0;
    this.originDuration = 0;
    this.originHeaders = null;
    this.originBytes = -1;
    this.retries = 0;
    this.error = null;
    this.observability = DEFAULT_OBSERVABILITY;
    this.trace = null;
    this.protocol = 0;
    this.routerMeter = null;
    this.serviceMeter = null;
    this.serverMeter = null;
    this.triedAt = 0;
    this.status = 0;
    this.requestBytes = 0;
    this.responseBytes = 0;
    this.responseHeaders = null;
    this.responseTrailers = null;
    this.controller = null;
    this.abortReason = null;
    this.call = null;
  }

  /** The client went away, or a time limit ran out, before the response was complete. */
  get aborted(): ProxyError | null {
    return this.abortReason;
  }

  /** For those who want a standard signal; made on demand. Its reason is the AbortError of the Fetch standard. */
  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.abortReason !== null) this.controller.abort(abortError(this.abortReason));
    }
    return this.controller.signal;
  }

  /** Calls back once if the exchange is aborted; at once if it has been. */
  onAbort(hook: (error: ProxyError) => void): void {
    if (this.abortReason !== null) {
      hook(this.abortReason);
      return;
    }
    this.abortHooks ??= [];
    this.abortHooks.push(hook);
  }

  /** Calls back once, when the response has been sent or has failed; newest first. */
  onFinish(hook: (exchange: Exchange) => void): void {
    if (this.firstFinishHook === null) {
      this.firstFinishHook = hook;
      return;
    }
    if (this.secondFinishHook === null) {
      this.secondFinishHook = hook;
      return;
    }
    if (this.thirdFinishHook === null) {
      this.thirdFinishHook = hook;
      return;
    }
    this.finishHooks ??= [];
    this.finishHooks.push(hook);
  }

  /** The driver's: the client went away. */
  abort(error: ProxyError): void {
    if (this.abortReason !== null) return;
    this.abortReason = error;
    this.controller?.abort(abortError(error));
    this.call?.abort(error);
    const hooks = this.abortHooks;
    this.abortHooks = null;
    if (hooks !== null) for (const hook of hooks) hook(error);
  }

  /** The driver's: nothing more will be sent for this exchange. */
  finish(): void {
    const first = this.firstFinishHook;
    if (first === null) return;
    const second = this.secondFinishHook;
    const third = this.thirdFinishHook;
    const others = this.finishHooks;
    this.firstFinishHook = null;
    this.secondFinishHook = null;
    this.thirdFinishHook = null;
    this.finishHooks = null;
    if (others !== null) for (let i = others.length - 1; i >= 0; i--) others[i](this);
    if (third !== null) third(this);
    if (second !== null) second(this);
    first(this);
  }
}

function abortError({ message }: ProxyError): DOMException {
  return new DOMException(message, "AbortError");
}
