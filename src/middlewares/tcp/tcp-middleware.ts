import type { TcpMiddleware as TcpMiddlewareConfiguration } from "../../config/dynamic/tcp.ts";
import type { SharedCounters } from "../../core/counters/counters.ts";
import type { ElementKind, ElementTable, ElementValue } from "../../core/element-kind.ts";
import type { Logger } from "../../core/logger.ts";
import type { Deadlines } from "../../core/timers.ts";
import type { TcpMiddleware } from "../../net/tcp-handler.ts";

/** A TCP middleware that runs. */
export interface RunningTcpMiddleware extends ElementValue {
  readonly middleware: TcpMiddleware;
}

/** What a TCP middleware may use besides its options. */
export interface TcpMiddlewareContext {
  /** Qualified: `name@provider`. */
  readonly name: string;
  readonly provider: string;
  /** The router whose own it is, of those that are made for each router; else "". */
  readonly router: string;
  /** Names the middleware with every message. */
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  /** Numbers for the whole process; by a name that begins with the middleware's. */
  readonly counters: SharedCounters;
}

export type TcpMiddlewareName = keyof TcpMiddlewareConfiguration;

/** One kind of TCP middleware. */
export type TcpMiddlewareKind<K extends TcpMiddlewareName> = ElementKind<
  NonNullable<TcpMiddlewareConfiguration[K]>,
  TcpMiddlewareContext,
  RunningTcpMiddleware
>;

export type TcpMiddlewareTable = ElementTable<
  TcpMiddlewareConfiguration,
  TcpMiddlewareContext,
  RunningTcpMiddleware
>;
