import { inFlightConn } from "./in-flight-conn.ts";
import { ipAllowList } from "./ip-allow-list.ts";
import type { TcpMiddlewareTable } from "./tcp-middleware.ts";

/** The TCP middlewares that Sluice has, by their keys in the dynamic configuration. */
export const TCP_MIDDLEWARES: TcpMiddlewareTable = {
  inFlightConn,
  ipAllowList,
  // Its former name.
  ipWhiteList: ipAllowList,
};
