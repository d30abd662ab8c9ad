import type { Exchange } from "../../../http/exchange.ts";
import type { Handler } from "../../../http/handler.ts";
import type { Turn } from "../../weighted-round-robin.ts";

/** One of those that a balancer chooses from: a server, or a child of a service of services. */
export interface BalancerMember extends Turn {
  /** A server's URL, or a child's name as configured. */
  readonly name: string;
  readonly handler: Handler;
}

/** Chooses members for requests. Made for one balancer, and kept as long as that is. */
export interface Strategy {
  /** What the balancer gives a request to when the strategy has chosen a member, by its place. */
  readonly handlers: readonly Handler[];
  /** True while a member may be chosen. */
  readonly anyUp: boolean;
  /** The place of the member that gets the request, of those that are up; -1 where none is. */
  choose(exchange: Exchange, request?: Request): number;
  setUp(index: number, up: boolean): void;
  /** True where a choice may fall on the same member again and again for as long as no request has begun. */
  readonly insists?: boolean | undefined;
  /** True where the member of a client's sticky cookie goes before the choice. */
  readonly sticks: boolean;
}

export type CreateStrategy = (members: readonly BalancerMember[]) => Strategy;
