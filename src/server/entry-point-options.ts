import type { EntryPointConfiguration } from "../config/static/schema.ts";
import { parseHostPort } from "../net/host-port.ts";
import type { EntryPointOptions } from "./entry-point.ts";

/** What the static configuration says of one entrypoint, in the terms of the server. */
export function entryPointOptions(
  name: string,
  configuration: EntryPointConfiguration,
): EntryPointOptions {
  const { address, transport, http } = configuration;
  const { hostname, port } = parseHostPort(address);
  return {
    name,
    hostname,
    port,
    reusePort: configuration.reusePort,
    readTimeout: transport.respondingTimeouts.readTimeout,
    writeTimeout: transport.respondingTimeouts.writeTimeout,
    idleTimeout: transport.respondingTimeouts.idleTimeout,
    keepAliveMaxTime: transport.keepAliveMaxTime,
    keepAliveMaxRequests: transport.keepAliveMaxRequests,
    maxHeaderBytes: http.maxHeaderBytes,
    requestAcceptGraceTimeout: transport.lifeCycle.requestAcceptGraceTimeout,
    graceTimeOut: transport.lifeCycle.graceTimeOut,
    proxyProtocol: configuration.proxyProtocol,
  };
}
