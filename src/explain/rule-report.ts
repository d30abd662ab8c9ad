import type { Exchange } from "../http/exchange.ts";
import type { LazyRequest } from "../http/lazy/lazy-request.ts";
import { compileHttpRule } from "../rules/http-matchers.ts";
import type { MatcherNode, RuleNode } from "../rules/parser.ts";

/** A part of a rule, or of what surrounds it, that a request doesn't meet. */
export interface FailedPart {
  /** As the rule has it, or "tls" and "status" for what is beside it. */
  readonly part: string;
  /** What the request has instead, as a sentence's end. */
  readonly found: string;
  /** What may help; not given where nothing is near. */
  readonly hint?: string;
}

/** Longer lists of alternatives are shown in part. */
const SHOWN = 200;

/**
 * The parts of a rule that keep a request from matching, the fewest where there is a choice; none
 * where it matches. Throws an Error where the rule has a value that can't be compiled.
 */
export function failedParts(
  node: RuleNode,
  request: LazyRequest,
  exchange: Exchange,
  negated = false,
): FailedPart[] {
  switch (node.type) {
    case "matcher": {
      if (compileHttpRule(node)(request, exchange) !== negated) return [];
      const part = textOf(node);
      const found = foundBy(node, request, exchange);
      const hint = negated ? undefined : hintFor(node, exchange);
      return [{ part: negated ? `!${part}` : part, found, ...(hint && { hint }) }];
    }
    case "not":
      return failedParts(node.operand, request, exchange, !negated);
    default: {
      const all = node.operands.map((operand) => failedParts(operand, request, exchange, negated));
      // "Not a and not b" is what "not (a or b)" asks for.
      if ((node.type === "and") !== negated) return all.flat();
      const least = all.reduce((best, parts) => (parts.length < best.length ? parts : best));
      if (least.length !== 1 || all.some(({ length }) => length !== 1)) return least;
      const [{ found }] = least;
      const alternatives = all.map(([{ part }]) => part).join(" || ");
      return [{ part: shortened(alternatives), found }];
    }
  }
}

function textOf({ name, values }: MatcherNode): string {
  return `${name}(${values.map((value) => `\`${value}\``).join(", ")})`;
}

function shortened(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** What the request has where a matcher looks. */
function foundBy({ name, values }: MatcherNode, request: LazyRequest, exchange: Exchange): string {
  switch (name) {
    case "Host":
    case "HostRegexp":
      return exchange.routingHost === ""
        ? "the request names no host"
        : `the host is "${exchange.routingHost}"`;
    case "Method":
      return `the method is ${request.method}`;
    case "ClientIP":
      return `the client is ${exchange.downstream.remote.ip}`;
    case "Header":
    case "HeaderRegexp": {
      const value = request.headerList.first(values[0].toLowerCase());
      return value === null || value === undefined
        ? `there is no header "${values[0]}"`
        : `the header "${values[0]}" is "${value}"`;
    }
    case "Query":
    case "QueryRegexp": {
      const at = request.target.indexOf("?");
      const found = new URLSearchParams(at < 0 ? "" : request.target.slice(at)).get(values[0]);
      return found === null
        ? `the query has no "${values[0]}"`
        : `the query's "${values[0]}" is "${found}"`;
    }
    default:
      return `the path is "${exchange.routingPath}"`;
  }
}

/** Mistakes that are made often. */
function hintFor({ name, values }: MatcherNode, { routingPath }: Exchange): string | undefined {
  const [value] = values;
  if (name === "Path" && routingPath.startsWith(value))
    return `Path matches the whole path: PathPrefix(\`${value}\`) would match`;
  if (name === "Path" && routingPath === value.replace(/\/$/, ""))
    return `the rule's path ends in "/", the request's does not`;
  if (
    (name === "Path" || name === "PathPrefix") &&
    routingPath.toLowerCase().startsWith(value.toLowerCase())
  )
    return "paths are compared with their case";
  return undefined;
}
