import type { Handler } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { noAvailableServer } from "./no-available-server.ts";
import type { Sticky } from "./sticky.ts";
import type { BalancerMember, CreateStrategy, Strategy } from "./strategies/strategy.ts";

/** Gives each request to the member that the strategy chooses, or that its sticky cookie names. */
export class Balancer {
  readonly handler: Handler;
  private readonly strategy: Strategy;

  constructor(members: readonly BalancerMember[], create: CreateStrategy, sticky: Sticky | null) {
    const strategy = create(members);
    this.strategy = strategy;
    if (members.length === 0) this.handler = noAvailableServer;
    else if (sticky !== null && strategy.sticks)
      this.handler = stickyHandler(members, strategy, sticky);
    else this.handler = choosing(strategy);
  }

  /** True while at least one member is up. */
  get anyUp(): boolean {
    return this.strategy.anyUp;
  }

  setUp(index: number, up: boolean): void {
    this.strategy.setUp(index, up);
  }
}

function choosing(strategy: Strategy): Handler {
  const { handlers } = strategy;
  return (request, exchange) => {
    const index = strategy.choose(exchange);
    return (index < 0 ? noAvailableServer : handlers[index])(request, exchange);
  };
}

function stickyHandler(
  members: readonly BalancerMember[],
  strategy: Strategy,
  sticky: Sticky,
): Handler {
  const { handlers } = strategy;
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    const input = lazy;
    const value = sticky.valueIn(lazy.headerList);
    const named = value === null ? -1 : sticky.indexOf(value);
    if (named >= 0 && members[named].up) {
      const response = members[named].handler(input, exchange);
      return sticky.isCurrent(value!, named) ? response : sticky.mark(named, response, exchange);
    }
    const index = strategy.choose(exchange);
    if (index < 0) return noAvailableServer(input, exchange);
    return sticky.mark(index, handlers[index](input, exchange), exchange);
  };
}
