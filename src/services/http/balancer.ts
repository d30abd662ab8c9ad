import type { Handler } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { Draining } from "../health/health-verdicts.ts";
import { noAvailableServer } from "./no-available-server.ts";
import type { Sticky } from "./sticky.ts";
import type { BalancerMember, CreateStrategy, Strategy } from "./strategies/strategy.ts";

/** What is known of a member besides what the strategy has to know. */
interface MemberState {
  up: boolean;
  draining: Draining;
}

/** Gives each request to the member that the strategy chooses, or that its sticky cookie names. */
export class Balancer {
  readonly handler: Handler;
  private readonly strategy: Strategy;
  private readonly states: MemberState[];

  constructor(members: readonly BalancerMember[], create: CreateStrategy, sticky: Sticky | null) {
    const states = members.map(({ up }): MemberState => ({ up, draining: "no" }));
    this.states = states;
    const strategy = create(members);
    this.strategy = strategy;
    if (members.length === 0) this.handler = noAvailableServer;
    else if (sticky !== null && strategy.sticks)
      this.handler = stickyHandler(members, states, strategy, sticky);
    else this.handler = choosing(strategy);
  }

  /** True while at least one member is up. */
  get anyUp(): boolean {
    return this.strategy.anyUp;
  }

  setUp(index: number, up: boolean): void {
    this.states[index].up = up;
    this.apply(index);
  }

  /** One that is being emptied is chosen no more; requests that have its sticky cookie still go there, but for "all". */
  drain(index: number, draining: Draining): void {
    this.states[index].draining = draining;
    this.apply(index);
  }

  private apply(index: number): void {
    const { up, draining } = this.states[index];
    this.strategy.setUp(index, up && draining === "no");
  }
}

function keepsCookies({ up, draining }: MemberState, { weight }: BalancerMember): boolean {
  return up && draining === "new" && weight > 0;
}

function choosing(strategy: Strategy): Handler {
  const { handlers } = strategy;
  return (request, exchange) => {
    const index = strategy.choose(exchange, request);
    return (index < 0 ? noAvailableServer : handlers[index])(request, exchange);
  };
}

function stickyHandler(
  members: readonly BalancerMember[],
  states: readonly MemberState[],
  strategy: Strategy,
  sticky: Sticky,
): Handler {
  const { handlers } = strategy;
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    const input = lazy;
    const value = sticky.valueIn(lazy.headerList);
    const named = value === null ? -1 : sticky.indexOf(value);
    if (named >= 0 && (members[named].up || keepsCookies(states[named], members[named]))) {
      const response = members[named].handler(input, exchange);
      return sticky.isCurrent(value!, named) ? response : sticky.mark(named, response, exchange);
    }
    const index = strategy.choose(exchange, input);
    if (index < 0) return noAvailableServer(input, exchange);
    return sticky.mark(index, handlers[index](input, exchange), exchange);
  };
}
