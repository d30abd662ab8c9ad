import type { Deadlines } from "../../core/timers.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Handler } from "../../http/handler.ts";
import type { Tunnel } from "../../http/lazy/lazy-response.ts";
import type { Connection } from "../../net/connection.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import type { Http1Limits } from "../../wire/http1/message.ts";
import type { Http2Limits } from "../../wire/http2/message.ts";

/** What drives a connection needs to log. */
export interface ConnectionLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A connection as the entrypoint's shutdown sees it. */
export interface Drainable {
  /** Close when idle, else after the present response. */
  drainConnection(): void;
  /** Close now, whatever is under way. */
  cutConnection(): void;
}

/** What an entrypoint's HTTP connections share. Times in milliseconds, 0 for none. */
export interface HttpEntryPoint {
  readonly name: string;
  readonly limits: Http1Limits;
  readonly http2Limits: Http2Limits;
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly idleTimeout: number;
  readonly keepAliveMaxTime: number;
  /** Infinity for no limit. */
  readonly keepAliveMaxRequests: number;
  readonly deadlines: Deadlines;
  readonly connections: Set<Drainable>;
  readonly logger: ConnectionLogger;
  /** Requests since the start. */
  requestCount: number;
  /** The entrypoint's chain; read afresh for every request, so that assigning it is the switch. */
  readonly handler: Handler;
  /** Shutting down: every response is its connection's last. */
  readonly draining: boolean;
  /** Joins a client's connection to the upstream's, after a 101. `ended`: the client has sent its FIN. */
  join(
    connection: Connection,
    writer: ConnectionWriter,
    early: Uint8Array,
    ended: boolean,
    tunnel: Tunnel,
    exchange: Exchange,
  ): void;
}
