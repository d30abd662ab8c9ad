import type { Route } from "../proxies/sluice-configuration.ts";
import { PREFIX } from "./scenario.ts";

/** Prefixes on one host. */
const EACH = 10;

/** So many different routes; the one in the middle is that of the load's path. */
export function manyRoutes(count: number): Route[] {
  return Array.from({ length: count }, (_, i) => ({
    host: `host${Math.floor(i / EACH)}.many.test`,
    prefix: i === count >> 1 ? PREFIX : `/route${i % EACH}`,
  }));
}
