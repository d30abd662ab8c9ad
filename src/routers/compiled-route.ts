import type { Handler } from "../http/handler.ts";
import { type CompiledRule, compileRule } from "./compiled-rule.ts";

export interface HttpRoute {
  /** Qualified. */
  readonly name: string;
  readonly rule: string;
  /** Undefined for the rule's length in bytes. */
  readonly priority: bigint | undefined;
  /** The provider's place in `providers.precedence`. */
  readonly providerRank: number;
  readonly handler: Handler;
}

/** A route ready to be tried. */
export interface CompiledRoute
  extends Pick<CompiledRule, "predicate" | "hosts" | "paths" | "asksHost"> {
  readonly name: string;
  readonly handler: Handler;
  readonly priority: bigint;
  /** The priority as nearly as a double has it: most comparisons need no more. */
  readonly roughPriority: number;
  readonly providerRank: number;
  /** Place in the order of trying; set once all routes are known. */
  rank: number;
}

/** `rule` is the route's, compiled. */
export function compileRoute(
  { name, rule, priority, providerRank, handler }: HttpRoute,
  { predicate, hosts, paths, asksHost, length }: CompiledRule = compileRule(rule),
): CompiledRoute {
  const exact = priority ?? BigInt(length);
  return {
    name,
    handler,
    predicate,
    hosts,
    paths,
    asksHost,
    priority: exact,
    roughPriority: Number(exact),
    providerRank,
    rank: 0,
  };
}

/** By descending priority; ties by the provider's place, then by name, so that the order is stable. */
export function byPriority(a: CompiledRoute, b: CompiledRoute): number {
  if (a.roughPriority !== b.roughPriority) return b.roughPriority - a.roughPriority;
  if (!Number.isSafeInteger(a.roughPriority) && a.priority !== b.priority) {
    return a.priority > b.priority ? -1 : 1;
  }
  if (a.providerRank !== b.providerRank) return a.providerRank - b.providerRank;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
