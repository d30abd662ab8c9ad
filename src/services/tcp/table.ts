import { loadBalancer } from "./load-balancer.ts";
import type { TcpServiceTable } from "./tcp-service.ts";
import { weighted } from "./weighted.ts";

/** The types of TCP services that Sluice has, by their keys in the dynamic configuration. */
export const TCP_SERVICES: TcpServiceTable = { loadBalancer, weighted };
