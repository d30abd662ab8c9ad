import { LocalCounters } from "../../../../src/core/counters/counters.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import { Deadlines } from "../../../../src/core/timers.ts";
import type {
  RunningTcpMiddleware,
  TcpMiddlewareContext,
  TcpMiddlewareKind,
  TcpMiddlewareName,
} from "../../../../src/middlewares/tcp/tcp-middleware.ts";
import type { TcpMiddleware } from "../../../../src/net/tcp-handler.ts";
import { silentLogger } from "../../core/silent-logger.ts";

/** A TCP middleware of a kind, as a router has it. */
export function makeTcp<K extends TcpMiddlewareName>(
  kind: TcpMiddlewareKind<K>,
  options: Parameters<TcpMiddlewareKind<K>["create"]>[0],
  heard: Partial<Logger> = {},
): TcpMiddleware {
  const context: TcpMiddlewareContext = {
    name: "m@file",
    provider: "file",
    router: "r@file",
    logger: silentLogger(heard),
    deadlines: new Deadlines(),
    counters: new LocalCounters(),
  };
  return (kind.create(options, context, { fingerprint: null }) as RunningTcpMiddleware).middleware;
}
