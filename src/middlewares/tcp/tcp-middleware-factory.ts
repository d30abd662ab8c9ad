import type { TcpMiddleware as TcpMiddlewareConfiguration } from "../../config/dynamic/tcp.ts";
import type { TcpMiddleware } from "../../net/tcp-handler.ts";
import { inFlightConn } from "./in-flight-conn.ts";
import { tcpIpAllowList } from "./ip-allow-list.ts";
import type { TcpMiddlewareLogger } from "./tcp-middleware-logger.ts";

/** Makes a TCP middleware. Throws an Error that says what is wrong with its configuration. */
export function createTcpMiddleware(
  configuration: TcpMiddlewareConfiguration,
  logger: TcpMiddlewareLogger,
): TcpMiddleware {
  const kinds = Object.entries(configuration).filter(([, value]) => value !== undefined);
  if (kinds.length !== 1) {
    const found = kinds.map(([kind]) => kind).join(", ") || "none";
    throw new Error(`expected exactly one kind, found ${found}`);
  }
  const { ipAllowList, ipWhiteList, inFlightConn: inFlight } = configuration;
  if (inFlight !== undefined) return inFlightConn(inFlight.amount, logger);
  return tcpIpAllowList((ipAllowList ?? ipWhiteList)?.sourceRange ?? [], logger);
}
