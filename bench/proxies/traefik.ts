import type { StartProxy } from "./proxy.ts";
import { startSluiceProxy } from "./sluice.ts";

/** Traefik: its configuration is Sluice's. */
export function startTraefikProxy(binary: string): StartProxy {
  return async (...args) => ({
    ...(await startSluiceProxy("Traefik", [binary])(...args)),
    compiles: false,
  });
}
