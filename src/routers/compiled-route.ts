import type { Handler } from "../http/handler.ts";
import {
  compileHttpRule,
  HTTP_MATCHERS,
  type HttpPredicate,
  hostValue,
} from "../rules/http-matchers.ts";
import { parseRule, type RuleNode } from "../rules/parser.ts";

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
export interface CompiledRoute {
  readonly name: string;
  readonly handler: Handler;
  readonly predicate: HttpPredicate;
  /** Hosts of which one must be the request's; null where the rule matches others too. */
  readonly hosts: readonly string[] | null;
  /** Beginnings of which the path must have one; null where the rule matches others too. */
  readonly prefixes: readonly string[] | null;
  readonly priority: bigint;
  readonly providerRank: number;
  /** Place in the order of trying; set once all routes are known. */
  rank: number;
}

const encoder = new TextEncoder();

/** Throws an Error that says what is wrong with the rule. */
export function compileRoute(route: HttpRoute): CompiledRoute {
  const tree = parseRule(route.rule, HTTP_MATCHERS);
  return {
    name: route.name,
    handler: route.handler,
    predicate: compileHttpRule(tree),
    hosts: needed(tree, (name, value) => (name === "Host" ? hostValue(value) : null)),
    prefixes: needed(tree, (name, value) =>
      name === "Path" || name === "PathPrefix" ? value : null,
    ),
    priority: route.priority ?? BigInt(encoder.encode(route.rule).length),
    providerRank: route.providerRank,
    rank: 0,
  };
}

/** By descending priority; ties by the provider's place, then by name, so that the order is stable. */
export function byPriority(a: CompiledRoute, b: CompiledRoute): number {
  if (a.priority !== b.priority) return a.priority > b.priority ? -1 : 1;
  if (a.providerRank !== b.providerRank) return a.providerRank - b.providerRank;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * Literals of which at least one must hold wherever the rule does, by what `literal` makes of a
 * matcher; null where the rule can hold without any.
 */
function needed(
  node: RuleNode,
  literal: (name: string, value: string) => string | null,
): readonly string[] | null {
  switch (node.type) {
    case "matcher": {
      const value = literal(node.name, node.values[0]);
      return value === null ? null : [value];
    }
    case "and":
      return needed(node.left, literal) ?? needed(node.right, literal);
    case "or": {
      const left = needed(node.left, literal);
      const right = left === null ? null : needed(node.right, literal);
      return left === null || right === null ? null : [...new Set([...left, ...right])];
    }
    case "not":
      return null;
  }
}
