import { ProxyError } from "../../../core/errors.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { type Handler, whenResponse, whenSettled } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import type { HeaderList } from "../../../wire/header-list.ts";
import { clientLeft } from "../client-left.ts";
import { type CacheKey, cacheKey } from "./cache-key.ts";
import type { CacheOptions } from "./cache-options.ts";
import { type Forwarded, forwardStatus, hitStatus } from "./cache-status.ts";
import { Fill, type FillBudget } from "./fill.ts";
import type { Flight, Flights, Landing } from "./flights.ts";
import type { Judge } from "./freshness.ts";
import { invalidated } from "./invalidation.ts";
import { inBackground } from "./refresh.ts";
import { type RequestFacts, requestFacts } from "./request-facts.ts";
import { freshened, storedFrom } from "./stored/store-parts.ts";
import { storedAnswer } from "./stored/stored-answer.ts";
import type { StoredResponse } from "./stored/stored-response.ts";
import type { AskedAt, CacheStore } from "./stores/cache-store.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** What a server's failure is, by RFC 5861. */
const FAILURES = new Set([500, 502, 503, 504]);

const REPLACED = new ProxyError(
  "aborted",
  "internal",
  "A stored response takes the answer's place",
);

export interface ResponseCacheParts {
  readonly options: CacheOptions;
  readonly store: CacheStore;
  readonly flights: Flights;
  readonly judge: Judge;
  readonly clock: () => number;
}

/** A request that is on its way to the server because of a cache. */
interface Passage {
  readonly lazy: LazyRequest;
  readonly exchange: Exchange;
  readonly key: CacheKey;
  readonly facts: RequestFacts | null;
  readonly reason: Forwarded;
  /** What is kept for it and can't be used as it is. */
  readonly stored: StoredResponse | undefined;
  /** Its validators went along. */
  readonly validates: boolean;
  readonly flight: Flight | null;
  readonly asked: AskedAt;
  /** The request's fields as the cache got them; what is behind it may change the request's own. */
  readonly fields: HeaderList;
  readonly sentAt: number;
}

/** One cache: which requests it answers, and what it does with answers to the others. */
export class ResponseCache {
  private readonly options: CacheOptions;
  private readonly store: CacheStore;
  private readonly flights: Flights;
  private readonly judge: Judge;
  private readonly clock: () => number;
  private readonly fillBudget: FillBudget;

  constructor({ options, store, flights, judge, clock }: ResponseCacheParts) {
    this.options = options;
    this.store = store;
    this.flights = flights;
    this.judge = judge;
    this.clock = clock;
    // Files may be larger than all of the memory.
    const { memoryBytes, maxObjectBytes, disk } = options;
    this.fillBudget = { left: Math.max(memoryBytes, disk === null ? 0 : 2 * maxObjectBytes) };
  }

  handle(
    request: Request,
    exchange: Exchange,
    next: Handler,
    waited = false,
  ): Response | Promise<Response> {
    const lazy = LazyRequest.of(request, exchange);
    const { method, headerList } = lazy;
    if (method !== "GET" && method !== "HEAD") return this.unknownMethod(lazy, exchange, next);
    if (lazy.upgrade !== "") return next(lazy, exchange);
    const facts = requestFacts(headerList);
    const bypasses = lazy.hasBody || (facts !== null && this.bypasses(facts));
    if (bypasses || !this.options.methods.has(method))
      return this.past(lazy, exchange, next, bypasses ? "bypass" : "method");
    const key = cacheKey(lazy, exchange, this.options.key);
    const stored = this.store.find(key, headerList);
    if (stored !== undefined || this.store.disk === null)
      return this.decide(lazy, exchange, next, key, facts, stored, waited);
    exchange.retain();
    return this.store
      .fromDisk(key, headerList)
      .then((found) => this.decide(lazy, exchange, next, key, facts, found, waited));
  }

  private bypasses(facts: RequestFacts): boolean {
    const { ignoreRequestDirectives } = this.options;
    return facts.bypasses || (!ignoreRequestDirectives && facts.directives.has("no-store"));
  }

  /** The request goes by the cache. */
  private past(
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    reason: Forwarded,
  ): Response | Promise<Response> {
    if (!this.options.statusHeader) return next(lazy, exchange);
    return whenResponse(next(lazy, exchange), exchange, (response) =>
      this.marked(LazyResponse.of(response), forwardStatus(reason)),
    );
  }

  /** What an unsafe method may have changed is asked for anew (RFC 9111 section 4.4). */
  private unknownMethod(
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
  ): Response | Promise<Response> {
    if (lazy.method === "OPTIONS" || lazy.method === "TRACE" || lazy.method === "CONNECT")
      return this.past(lazy, exchange, next, "method");
    const { url } = cacheKey(lazy, exchange, this.options.key);
    return whenResponse(next(lazy, exchange), exchange, (response) => {
      const answer = LazyResponse.of(response);
      for (const changed of invalidated(url, answer, this.options.key))
        this.store.invalidate(changed);
      return this.marked(answer, forwardStatus("method"));
    });
  }

  private decide(
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    key: CacheKey,
    facts: RequestFacts | null,
    stored: StoredResponse | undefined,
    waited: boolean,
  ): Response | Promise<Response> {
    const now = this.clock();
    const directives = this.options.ignoreRequestDirectives ? undefined : facts?.directives;
    const verdict: Verdict = stored === undefined ? "forward" : verdictOn(stored, directives, now);
    if (stored !== undefined && (verdict === "use" || verdict === "use and refresh")) {
      if (verdict === "use and refresh") this.refresh(lazy, exchange, next, key, stored);
      return this.answer(stored, lazy, exchange, facts, now);
    }
    if (directives?.has("only-if-cached") === true)
      return this.marked(LazyResponse.text(504) as LazyResponse, forwardStatus("request"));
    const reason: Forwarded =
      stored !== undefined
        ? verdict === "refused"
          ? "request"
          : "stale"
        : this.store.hasOther(key)
          ? "vary-miss"
          : "uri-miss";
    const asksForAll =
      lazy.method === "GET" &&
      (facts === null ||
        (facts.range === null && facts.ifNoneMatch === null && facts.ifModifiedSince === null));
    const canCollapse = asksForAll && verdict !== "refused";
    const name = `${key.url}\n${key.view}`;
    const flight = canCollapse ? this.flights.current(name) : undefined;
    if (flight !== undefined && !waited) {
      return flight
        .wait(exchange)
        .then((landing) => this.landed(landing, lazy, exchange, next, facts));
    }
    const own = canCollapse && flight === undefined ? this.flights.begin(name) : null;
    return this.forward(lazy, exchange, next, key, facts, reason, stored, own);
  }

  /** Another request's response is there, or isn't to be had. */
  private landed(
    landing: Landing,
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    facts: RequestFacts | null,
  ): Response | Promise<Response> {
    const left = clientLeft(exchange);
    if (left !== null) return left;
    if (typeof landing === "object" && landing.matches(lazy.headerList))
      return this.answer(landing, lazy, exchange, facts, this.clock());
    return this.handle(lazy, exchange, next, true);
  }

  private answer(
    stored: StoredResponse,
    { method }: LazyRequest,
    exchange: Exchange,
    facts: RequestFacts | null,
    now: number,
    status = this.options.statusHeader ? hitStatus(stored, now) : "",
  ): Response {
    return storedAnswer(stored, { method, exchange, facts, now, status });
  }

  private forward(
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    key: CacheKey,
    facts: RequestFacts | null,
    reason: Forwarded,
    stored: StoredResponse | undefined,
    flight: Flight | null,
  ): Response | Promise<Response> {
    const validates = lazy.method === "GET" && stored?.hasValidator === true;
    const fields = lazy.headerList.clone();
    if (validates) ask(lazy, stored);
    exchange.retain();
    const passage: Passage = {
      lazy,
      exchange,
      key,
      facts,
      reason,
      stored,
      validates,
      flight,
      asked: this.store.moment(),
      fields,
      sentAt: this.clock(),
    };
    if (flight !== null) exchange.onAbort(() => flight.land("nothing"));
    try {
      return whenSettled(
        next(lazy, exchange),
        exchange,
        (response) => this.arrived(passage, LazyResponse.of(response)),
        (error) => this.failed(passage, error),
      );
    } catch (error) {
      return this.failed(passage, error);
    }
  }

  private failed(passage: Passage, error: unknown): Response {
    const instead = this.insteadOfFailure(passage);
    if (instead === null) {
      passage.flight?.land("nothing");
      throw error;
    }
    return instead;
  }

  /** The stored response where the server fails and it may stand in; else null. */
  private insteadOfFailure(passage: Passage): Response | null {
    const { stored, flight, lazy, exchange, facts, reason } = passage;
    const now = this.clock();
    if (stored === undefined || exchange.aborted !== null || reason === "request") return null;
    if (-stored.left(now) >= stored.parts.freshness.staleIfError) return null;
    flight?.land(stored);
    return this.answer(stored, lazy, exchange, facts, now);
  }

  private arrived(passage: Passage, answer: LazyResponse): Response {
    const { stored, validates, flight, reason, lazy, exchange, key } = passage;
    const { status } = answer;
    if (answer.tunnel !== null) {
      flight?.land("nothing");
      return answer;
    }
    if (FAILURES.has(status)) {
      const instead = this.insteadOfFailure(passage);
      if (instead !== null) {
        answer.takeBody()?.cancel(REPLACED);
        return instead;
      }
    }
    if (status === 304 && validates && stored !== undefined)
      return this.renewed(passage, stored, answer);
    const kept = lazy.method === "GET" && exchange.aborted === null && this.keep(passage, answer);
    if (!kept) {
      if (stored !== undefined && lazy.method === "GET" && status < 500 && status !== 206)
        this.store.drop(stored);
      // A failure says nothing of the next response, and neither does an answer to a condition or about a part.
      if (flight !== null && status < 500 && status !== 304 && status !== 206)
        this.flights.markUnkeepable(flight.key);
      flight?.land("nothing");
    } else this.flights.markKept(`${key.url}\n${key.view}`);
    return this.marked(
      answer,
      forwardStatus(reason, { ...(validates && { status }), stored: kept }),
    );
  }

  /** The server says that what is stored is still right (RFC 9111 section 4.3.4). */
  private renewed(passage: Passage, stored: StoredResponse, answer: LazyResponse): Response {
    const { lazy, exchange, facts, reason, flight, asked, fields } = passage;
    const now = this.clock();
    const isOther = stored.etag !== null && (answer.headerList.first("etag") ?? stored.etag);
    const renewed = freshened(stored, answer.headerList, {
      judge: this.judge,
      request: fields,
      now,
      delay: now - passage.sentAt,
    });
    answer.takeBody()?.cancel(REPLACED);
    if (renewed === null || (isOther !== false && isOther !== stored.etag)) {
      this.store.drop(stored);
      flight?.land("nothing");
      return this.answer(stored, lazy, exchange, facts, now, this.status(reason, 304, false));
    }
    const kept = this.store.put(renewed, asked, fields);
    flight?.land(kept ? "stored" : "nothing");
    return this.answer(renewed, lazy, exchange, facts, now, this.status(reason, 304, kept));
  }

  private status(reason: Forwarded, status: number, stored: boolean): string {
    return this.options.statusHeader ? forwardStatus(reason, { status, stored }) : "";
  }

  /** True where the answer is going to be kept, if its body comes to its end. */
  private keep(passage: Passage, answer: LazyResponse): boolean {
    const { exchange, key, flight, asked, sentAt, fields } = passage;
    const { maxObjectBytes } = this.options;
    const now = this.clock();
    const body = answer.takeBody();
    if (body !== null && (body.endsUnmarked || body.length > maxObjectBytes)) return false;
    const parts = storedFrom(key, answer, {
      judge: this.judge,
      request: fields,
      now,
      delay: now - sentAt,
    });
    if (parts === null) return false;
    const finish = (bytes: Uint8Array | null) => {
      const kept = bytes !== null && this.store.put(parts(bytes), asked, fields);
      flight?.land(kept ? "stored" : "nothing");
    };
    if (body === null) {
      finish(new Uint8Array(0));
      return true;
    }
    const fill = new Fill(body, maxObjectBytes, this.fillBudget, finish);
    answer.setBody(fill.body);
    exchange.onFinish(() => fill.finished());
    return true;
  }

  /** Fetches anew what was given though it is stale, once at a time. */
  private refresh(
    lazy: LazyRequest,
    exchange: Exchange,
    next: Handler,
    key: CacheKey,
    stored: StoredResponse,
  ): void {
    const flight = this.flights.begin(`${key.url}\n${key.view}`);
    if (flight === null) return;
    inBackground(lazy, exchange, (copy, side) => {
      return this.forward(copy, side, next, key, null, "stale", stored, flight);
    }).finally(() => flight.land("nothing"));
  }

  private marked(answer: LazyResponse, status: string): LazyResponse {
    if (this.options.statusHeader) answer.headerList.append("Cache-Status", status);
    return answer;
  }
}

/** Asks the server whether what is stored is still right; for all of it. */
function ask({ headerList }: LazyRequest, stored: StoredResponse): void {
  for (const name of ["if-none-match", "if-modified-since", "range", "if-range"])
    headerList.delete(name);
  if (stored.etag !== null) headerList.append("If-None-Match", stored.etag);
  if (stored.lastModified !== null) headerList.append("If-Modified-Since", stored.lastModified);
}
