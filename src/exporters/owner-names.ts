import type { MeterOwner } from "../telemetry/metrics/series.ts";

/** How metrics call whose requests they count, as Traefik's do; null for what Traefik doesn't count. */
export const OWNER_NAMES = {
  entryPoint: "entrypoint",
  router: "router",
  service: "service",
  server: null,
} as const satisfies Readonly<Record<MeterOwner["kind"], string | null>>;
