import type { Handler } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { type Turn, WeightedRoundRobin } from "../weighted-round-robin.ts";
import { noAvailableServer } from "./no-available-server.ts";
import type { Sticky } from "./sticky.ts";

/** A server of a loadBalancer, or a child of a weighted service. */
export interface BalancerMember extends Turn {
  readonly handler: Handler;
  readonly index: number;
}

/**
 * Members as a balancer wants them: those without a positive weight are left out, sticky cookies
 * included, as in Traefik. The weight is 1 where none is given. Source: wrr.go (Add).
 */
export function weighty<T extends { readonly weight?: number }>(children: readonly T[]): T[] {
  return children.filter(({ weight = 1 }) => weight > 0);
}

export function toMember(
  child: { readonly weight?: number; readonly handler: Handler },
  index: number,
): BalancerMember {
  return { weight: child.weight ?? 1, handler: child.handler, index, up: true };
}

/** Gives each request to the member whose turn it is, or that its sticky cookie names. */
export class Balancer {
  readonly members: readonly BalancerMember[];
  readonly handler: Handler;
  private readonly turns: WeightedRoundRobin<BalancerMember>;

  constructor(members: readonly BalancerMember[], sticky: Sticky | null) {
    this.members = members;
    this.turns = new WeightedRoundRobin(members);
    if (members.length === 0) this.handler = noAvailableServer;
    else if (sticky !== null) this.handler = stickyHandler(members, this.turns, sticky);
    else if (members.length === 1) this.handler = onlyHandler(members[0]);
    else this.handler = turnHandler(this.turns);
  }

  /** True while at least one member is up. */
  get anyUp(): boolean {
    return this.turns.anyUp;
  }

  setUp(index: number, up: boolean): void {
    this.turns.setUp(index, up);
  }
}

function onlyHandler(member: BalancerMember): Handler {
  const { handler } = member;
  return (request, exchange) => (member.up ? handler : noAvailableServer)(request, exchange);
}

function turnHandler(turns: WeightedRoundRobin<BalancerMember>): Handler {
  return (request, exchange) => (turns.next()?.handler ?? noAvailableServer)(request, exchange);
}

function stickyHandler(
  members: readonly BalancerMember[],
  turns: WeightedRoundRobin<BalancerMember>,
  sticky: Sticky,
): Handler {
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    const input = lazy as unknown as Request;
    const value = sticky.valueIn(lazy.headerList);
    const index = value === null ? -1 : sticky.indexOf(value);
    if (index >= 0 && members[index].up) {
      const response = members[index].handler(input, exchange);
      return sticky.isCurrent(value!, index) ? response : sticky.mark(index, response, exchange);
    }
    const member = turns.next();
    if (member === null) return noAvailableServer(input, exchange);
    return sticky.mark(member.index, member.handler(input, exchange), exchange);
  };
}
