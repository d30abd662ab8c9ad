import type { Body } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { LazyResponse, Tunnel } from "../../http/lazy/lazy-response.ts";
import type { HeaderList } from "../../wire/header-list.ts";

/** What a wire says of what it was given. */
export const Taken = {
  /** More may follow at once. */
  all: 0,
  /** It waits for the connection: no more before `ExchangeDriver.writable`. */
  backlog: 1,
  /** It waits for the client to open its windows: no more before `ExchangeDriver.writable`. */
  stalled: 2,
  /** It can't be sent over this protocol; nothing was. */
  refused: 3,
} as const;
export type Taken = (typeof Taken)[keyof typeof Taken];

/** Why a response ends without a clean end. */
export const Reset = {
  /** Its body broke off. */
  broken: 0,
  /** The client didn't keep to a time limit. */
  late: 1,
  /** The client sends more than anything takes. */
  excessive: 2,
} as const;
export type Reset = (typeof Reset)[keyof typeof Reset];

/**
 * One exchange as its HTTP version writes it. The driver decides what happens; the wire knows how it
 * is said. Over HTTP/1.1 a connection has one wire for all its exchanges, over HTTP/2 and HTTP/3 each
 * stream has its own. No method calls the driver's `writable` before it returns.
 */
export interface ResponseWire {
  /** As access logs name it: "HTTP/1.1", "HTTP/2.0". */
  readonly protocol: string;
  /** So much waits for the client that what it can do without is left out. */
  readonly backlogged: boolean;

  // --- the request ---

  /** The request whose head arrived, as handlers see it. Called once an exchange. */
  request(exchange: Exchange, body: Body | null): LazyRequest;
  /** The request's body is taken more slowly than it comes. */
  pauseRequest(): void;
  resumeRequest(): void;

  // --- the response ---

  /** An interim response; `headers` null for none. Left out where the protocol has no such thing. */
  interim(status: number, headers: HeaderList | null): void;
  /**
   * The head of the response to a request with `method`. `length` is what Content-Length says, or a
   * BodyLength. `end`: nothing follows.
   */
  head(response: LazyResponse, method: string, length: number, end: boolean): Taken;
  /** A piece of the body, kept back until `flush` perhaps. The array doesn't change later. Never `refused`. */
  write(bytes: Uint8Array, start: number, end: number): Taken;
  /** Behind `flush`, an array that `write` brought may still be referred to. */
  readonly holdsBytes: boolean;
  /** Sends what was kept back. */
  flush(): Taken;
  /** The body is complete. `all` means that nothing of the response waits for the client; `sent` follows. */
  end(trailers: HeaderList | null): Taken;
  /** Sends what waited for the client or the connection; once `end` was called, its end as well. */
  resume(): Taken;
  /** Answers 101 and hands the connection over; false where the protocol can't. */
  join(response: LazyResponse, tunnel: Tunnel, exchange: Exchange): boolean;

  // --- the end ---

  /** Where requests follow each other, none follows the present one. Before `head`, it says so. */
  endAfterResponse(): void;
  /** The client is to ask for nothing more on this connection. */
  beLast(): void;
  /** The response has been handed over, whole, and goes out now. `receiving`: the request isn't complete. */
  sent(receiving: boolean): void;
  /** Tells the client that there is no clean end. `over` follows. */
  reset(why: Reset): void;
  /** The exchange is over without a whole response, or is no longer awaited after one. */
  over(): void;
}
