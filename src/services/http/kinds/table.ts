import type { HttpServiceTable } from "../http-service.ts";
import { failover } from "./failover.ts";
import { highestRandomWeight } from "./highest-random-weight.ts";
import { loadBalancer } from "./load-balancer.ts";
import { mirroring } from "./mirroring.ts";
import { moduleHandler } from "./module-handler.ts";
import { weighted } from "./weighted.ts";

/** The types of services that Sluice has, by their keys in the dynamic configuration. */
export const HTTP_SERVICES: HttpServiceTable = {
  failover,
  handler: moduleHandler,
  highestRandomWeight,
  loadBalancer,
  mirroring,
  weighted,
};
