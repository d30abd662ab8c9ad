import { latin1, latin1Bytes } from "../core/bytes.ts";
import { CidrSet } from "../core/cidr.ts";
import type { Exchange } from "../http/exchange.ts";
import type { LazyRequest } from "../http/lazy/lazy-request.ts";
import { compileGoRegexp } from "./go-regexp.ts";
import { firstLabelEnd, isAscii, parseHostPattern } from "./host-pattern.ts";
import type { MatcherArity, RuleNode } from "./parser.ts";
import { someQueryValue } from "./query.ts";
import { shortened } from "./shortened.ts";

/** Decides on one request. */
export type HttpPredicate = (request: LazyRequest, exchange: Exchange) => boolean;

const one = { min: 1, max: 1 };

/** The HTTP matchers of Traefik v3, and how many values each takes. */
export const HTTP_MATCHERS = {
  Host: one,
  HostRegexp: one,
  Path: one,
  PathPrefix: one,
  PathRegexp: one,
  Method: one,
  Header: { min: 2, max: 2 },
  HeaderRegexp: { min: 2, max: 2 },
  Query: { min: 1, max: 2 },
  QueryRegexp: { min: 1, max: 2 },
  ClientIP: one,
} as const satisfies MatcherArity;

type Compile = (...values: string[]) => HttpPredicate;

/** Semantics of Traefik's pkg/muxer/http/matcher.go. */
const COMPILERS: Record<keyof typeof HTTP_MATCHERS, Compile> = {
  Host: (value) => {
    const pattern = parseHostPattern(value);
    if (pattern.kind === "any") return () => true;
    const { kind, text } = pattern;
    if (kind === "exact") {
      return (_, { routingHost }) => routingHost === text && routingHost !== "";
    }
    return (_, { routingHost }) =>
      routingHost.endsWith(text) &&
      firstLabelEnd(routingHost) === routingHost.length - text.length &&
      routingHost !== "";
  },
  HostRegexp: (value) => {
    if (!isAscii(value))
      throw new Error(
        `HostRegexp takes ASCII, found "${shortened(value)}": write the name in punycode`,
      );
    const expression = compileGoRegexp(value);
    // Traefik tries the host's CNAME too, and that is "" where there is no resolver.
    if (expression.test("")) return () => true;
    return (_, exchange) => expression.test(hostWithDot(exchange));
  },
  Path: (value) => {
    checkPath("Path", value);
    return (_, exchange) => exchange.routingPath === value;
  },
  PathPrefix: (value) => {
    checkPath("PathPrefix", value);
    return (_, exchange) => exchange.routingPath.startsWith(value);
  },
  PathRegexp: (value) => {
    const expression = compileGoRegexp(value);
    return (_, exchange) => expression.test(exchange.routingPath);
  },
  Method: (value) => {
    const method = value.toUpperCase();
    return (request) => request.method === method;
  },
  Header: (name, value) => {
    const received = latin1(new TextEncoder().encode(value));
    return header(name, (found) => found === received);
  },
  HeaderRegexp: (name, value) => {
    const expression = compileGoRegexp(value);
    return header(name, (found) =>
      expression.test(isAscii(found) ? found : decoder.decode(latin1Bytes(found))),
    );
  },
  Query: (key, value = "") => query(key, (found) => found === value),
  QueryRegexp: (key, value) => {
    if (value === undefined) return query(key, (found) => found === "");
    const expression = compileGoRegexp(value);
    return query(key, (found) => expression.test(found));
  },
  ClientIP: (value) => {
    const range = CidrSet.parse([value]);
    return (_, exchange) => range.contains(exchange.downstream.remote.ip);
  },
};

/** Compiles a parsed rule. Throws an Error that says which value is wrong. */
export function compileHttpRule(node: RuleNode): HttpPredicate {
  switch (node.type) {
    case "and": {
      const operands = node.operands.map(compileHttpRule);
      const [first, second] = operands;
      if (operands.length === 2) {
        return (request, exchange) => first(request, exchange) && second(request, exchange);
      }
      return (request, exchange) => {
        for (const operand of operands) if (!operand(request, exchange)) return false;
        return true;
      };
    }
    case "or": {
      const operands = node.operands.map(compileHttpRule);
      const hosts = exactHosts(node.operands);
      // Lists of hosts are common and long.
      if (hosts !== null) return (_, exchange) => hosts.has(exchange.routingHost);
      return (request, exchange) => {
        for (const operand of operands) if (operand(request, exchange)) return true;
        return false;
      };
    }
    case "not": {
      const operand = compileHttpRule(node.operand);
      return (request, exchange) => !operand(request, exchange);
    }
    case "matcher":
      return COMPILERS[node.name as keyof typeof HTTP_MATCHERS](...node.values);
  }
}

/** The names where all nodes are `Host()` with one, else null. */
function exactHosts(nodes: readonly RuleNode[]): ReadonlySet<string> | null {
  const hosts = new Set<string>();
  for (const node of nodes) {
    if (node.type !== "matcher" || node.name !== "Host") return null;
    const pattern = parseHostPattern(node.values[0]);
    if (pattern.kind !== "exact") return null;
    if (pattern.text !== "") hosts.add(pattern.text);
  }
  return hosts;
}

/** The canonical host with the trailing dot that the client may have sent: expressions see it. */
function hostWithDot({ routingHost, host }: Exchange): string {
  const end = routingHost.length;
  // The dot of the host's end, not one inside of it: the canonical host may be an alias of another length.
  return host.charCodeAt(end) === 0x2e && (host.length === end + 1 || host[end + 1] === ":")
    ? `${routingHost}.`
    : routingHost;
}

/** Fields that are no headers in Go: the host is for Host(), the others were used up in reading. */
const NO_HEADERS: ReadonlySet<string> = new Set(["host", "transfer-encoding", "trailer"]);

/** Values are as received: UTF-8, if anything but ASCII, in Latin-1's clothes. */
function header(name: string, matches: (value: string) => boolean): HttpPredicate {
  const lowerName = name.toLowerCase();
  if (NO_HEADERS.has(lowerName)) return () => false;
  return ({ headerList }) => {
    for (
      let slot = headerList.find(lowerName);
      slot >= 0;
      slot = headerList.find(lowerName, slot + 1)
    ) {
      if (matches(headerList.valueAt(slot))) return true;
    }
    return false;
  };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function query(key: string, matches: (value: string) => boolean): HttpPredicate {
  return ({ target }) => someQueryValue(target, key, matches);
}

function checkPath(matcher: string, value: string): void {
  if (!value.startsWith("/"))
    throw new Error(`${matcher} takes a path that starts with "/", found "${shortened(value)}"`);
}
