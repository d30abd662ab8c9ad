import { parseHostPattern } from "../rules/host-pattern.ts";
import { compileHttpRule, HTTP_MATCHERS, type HttpPredicate } from "../rules/http-matchers.ts";
import { neededLiterals } from "../rules/needed-literals.ts";
import { type MatcherNode, parseRule, type RuleNode } from "../rules/parser.ts";

/** A path that a rule names: the whole path, or its beginning. */
export interface PathLiteral {
  readonly text: string;
  readonly whole: boolean;
}

/** A rule ready to be tried, and what an index may know about it. */
export interface CompiledRule {
  readonly predicate: HttpPredicate;
  /** Hosts of which one must be the request's; `*.x` as "*.x". Null where the rule matches others too. */
  readonly hosts: readonly string[] | null;
  /** Paths of which the request's must be one. Null where the rule matches others too. */
  readonly paths: readonly PathLiteral[] | null;
  /** All that its Host matchers name, negated ones too: `*.x` as "*.x", all as "*". */
  readonly domains: readonly string[];
  /** It has a Host or HostRegexp matcher. */
  readonly asksHost: boolean;
  /** In bytes: the priority of routers that name none. */
  readonly length: number;
}

const encoder = new TextEncoder();

/** Throws an Error that says what is wrong with the rule. */
export function compileRule(rule: string): CompiledRule {
  const tree = parseRule(rule, HTTP_MATCHERS);
  return {
    predicate: compileHttpRule(tree),
    hosts: neededLiterals(tree, hostOf),
    paths: neededLiterals(tree, pathOf),
    domains: domainsOf(tree),
    asksHost: asksHost(tree),
    length: encoder.encode(rule).length,
  };
}

/** Compiled rules of one configuration. Those of the one before are taken over where they are the same. */
export class RuleCache {
  private readonly previous: ReadonlyMap<string, CompiledRule> | undefined;
  private readonly rules = new Map<string, CompiledRule>();

  constructor(previous?: RuleCache) {
    this.previous = previous?.rules;
  }

  /** Throws as compileRule does. */
  compile(rule: string): CompiledRule {
    let compiled = this.rules.get(rule);
    if (compiled === undefined) {
      compiled = this.previous?.get(rule) ?? compileRule(rule);
      this.rules.set(rule, compiled);
    }
    return compiled;
  }
}

function hostOf({ name, values }: MatcherNode): string | null {
  if (name !== "Host") return null;
  const pattern = parseHostPattern(values[0]);
  if (pattern.kind === "any") return null;
  return pattern.kind === "wildcard" ? `*${pattern.text}` : pattern.text;
}

/** All that Host matchers name, negated ones too: `*.x` as "*.x", all as "*". */
export function domainsOf(node: RuleNode): string[] {
  switch (node.type) {
    case "matcher":
      return node.name === "Host" ? [hostOf(node) ?? "*"] : [];
    case "not":
      return domainsOf(node.operand);
    default:
      return node.operands.flatMap(domainsOf);
  }
}

function asksHost(node: RuleNode): boolean {
  switch (node.type) {
    case "matcher":
      return node.name === "Host" || node.name === "HostRegexp";
    case "not":
      return asksHost(node.operand);
    default:
      return node.operands.some(asksHost);
  }
}

function pathOf({ name, values }: MatcherNode): PathLiteral | null {
  return name === "Path" || name === "PathPrefix"
    ? { text: values[0], whole: name === "Path" }
    : null;
}
