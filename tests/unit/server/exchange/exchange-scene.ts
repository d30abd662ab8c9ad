import { Deadlines, now } from "../../../../src/core/timers.ts";
import type { Exchange } from "../../../../src/http/exchange.ts";
import type { Handler } from "../../../../src/http/handler.ts";
import type {
  Drainable,
  HttpEntryPoint,
} from "../../../../src/server/entry-point/http-entry-point.ts";
import { DEFAULT_LIMITS } from "../../../../src/wire/http1/message.ts";
import { DEFAULT_HTTP2_LIMITS } from "../../../../src/wire/http2/message.ts";

/** What the client has got of a response. */
export class Got {
  readonly interim: number[] = [];
  status = 0;
  headers: Record<string, string> = {};
  body = "";
  trailers: Record<string, string> | null = null;
  /** It ended as its framing says. */
  whole = false;
  /** It broke off, or there will be none. */
  cut = false;
}

export interface RequestGiven {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  /** All of the body; left out for none. */
  body?: string;
  /** The body's beginning: more of it follows. */
  begun?: string;
}

/** A client of one connection, before a server without a network. */
export interface ExchangeScene {
  readonly got: Got;
  /** Sends a request, or its beginning. */
  request(given: RequestGiven): void;
  /** Sends a piece of a body that was begun. */
  more(text: string): void;
  /** Ends a body that was begun. */
  endBody(): void;
  /** The client's side is gone. */
  leave(): void;
  /** The client takes nothing more, until `take`. */
  refuse(): void;
  take(): void;
  /** The server reads nothing more of the request's body. */
  readonly holding: boolean;
}

/** An entrypoint, and what its handler and its observers got to see. */
export class EntryScene implements HttpEntryPoint {
  readonly name = "web";
  readonly limits = DEFAULT_LIMITS;
  readonly http2Limits = DEFAULT_HTTP2_LIMITS;
  readTimeout = 60_000;
  writeTimeout = 0;
  idleTimeout = 180_000;
  readonly keepAliveMaxTime = 0;
  readonly keepAliveMaxRequests = Infinity;
  readonly deadlines = new Deadlines(1);
  readonly connections = new Set<Drainable>();
  readonly logs: string[] = [];
  readonly logger = {
    debug: (message: string) => void this.logs.push(message),
    error: (message: string) => void this.logs.push(message),
  };
  requestCount = 0;
  draining = false;
  readonly exchanges: Exchange[] = [];
  /** Of the exchanges that have finished, in order. */
  readonly finished: number[] = [];
  readonly handler: Handler;

  constructor(handler: Handler) {
    this.handler = (request, exchange) => {
      // They are looked at when they are over.
      exchange.retain();
      this.exchanges.push(exchange);
      exchange.onFinish(({ status }) => void this.finished.push(status));
      return handler(request, exchange);
    };
  }

  join(): void {
    throw new Error("No test switches protocols");
  }

  /** So many milliseconds pass at once, and what is due by then. */
  pass(milliseconds: number): void {
    this.deadlines.sweep(now() + milliseconds);
  }

  end(): void {
    for (const connection of [...this.connections]) connection.cutConnection();
  }
}

/** Makes a client of a new connection to that entrypoint. */
export type MakeScene = (entry: EntryScene) => ExchangeScene;
