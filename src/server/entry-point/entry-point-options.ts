import type { EntryPointConfiguration } from "../../config/static/entry-points.ts";
import { parseHostPort } from "../../net/host-port.ts";
import type { EntryPointOptions } from "./entry-point.ts";

/** What the static configuration says of one entrypoint, in the terms of the server. */
export function entryPointOptions(
  name: string,
  configuration: EntryPointConfiguration,
): EntryPointOptions {
  const { address, transport, http, http2 } = configuration;
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
    maxConcurrentStreams: http2.maxConcurrentStreams,
    maxDecoderHeaderTableSize: http2.maxDecoderHeaderTableSize,
    maxEncoderHeaderTableSize: http2.maxEncoderHeaderTableSize,
    requestAcceptGraceTimeout: transport.lifeCycle.requestAcceptGraceTimeout,
    graceTimeOut: transport.lifeCycle.graceTimeOut,
    passesChallenges: configuration.allowACMEByPass ?? false,
    proxyProtocol: configuration.proxyProtocol,
  };
}
