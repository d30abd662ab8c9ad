import type { HealthCheckOptions, ProbeTarget } from "../services/health/health-targets.ts";
import { grpcProbe } from "./grpc-probe.ts";
import { httpProbe, type ProbeTransport } from "./http-probe.ts";

/** Asks a server once whether it is well. Rejects with what is wrong, and when the signal aborts. */
export type Probe = (
  target: ProbeTarget,
  options: HealthCheckOptions,
  transport: ProbeTransport,
  signal: AbortSignal,
) => Promise<void>;

/** How servers are asked, by `healthCheck.mode`. */
export const PROBES: Readonly<Record<NonNullable<HealthCheckOptions["mode"]>, Probe>> = {
  "": httpProbe,
  http: httpProbe,
  grpc: (target, _, transport, signal) => grpcProbe(target, transport, signal),
};
