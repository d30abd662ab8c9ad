import { CidrSet } from "../core/cidr.ts";
import type { Exchange } from "../http/exchange.ts";
import type { LazyRequest } from "../http/lazy-request.ts";
import { FieldId } from "../wire/field-names.ts";
import { compileGoRegexp } from "./go-regexp.ts";
import type { MatcherArity, RuleNode } from "./parser.ts";
import { queryValues } from "./query.ts";

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

/** Semantics of pkg/muxer/http/matcher.go. */
const COMPILERS: Record<keyof typeof HTTP_MATCHERS, Compile> = {
  Host: (value) => {
    const host = hostValue(value);
    return (_, exchange) => exchange.routingHost === host;
  },
  HostRegexp: (value) => {
    if (!isAscii(value)) throw new Error(`HostRegexp takes ASCII, found "${value}"`);
    const expression = compileGoRegexp(value);
    return (_, exchange) => expression.test(exchange.routingHost);
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
  Header: (name, value) => header(name, (found) => found === value),
  HeaderRegexp: (name, value) => {
    const expression = compileGoRegexp(value);
    return header(name, (found) => expression.test(found));
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
      const left = compileHttpRule(node.left);
      const right = compileHttpRule(node.right);
      return (request, exchange) => left(request, exchange) && right(request, exchange);
    }
    case "or": {
      const left = compileHttpRule(node.left);
      const right = compileHttpRule(node.right);
      return (request, exchange) => left(request, exchange) || right(request, exchange);
    }
    case "not": {
      const operand = compileHttpRule(node.operand);
      return (request, exchange) => !operand(request, exchange);
    }
    case "matcher":
      return COMPILERS[node.name as keyof typeof HTTP_MATCHERS](...node.values);
  }
}

/** The host that Host() compares: lower case, without trailing dot. */
export function hostValue(value: string): string {
  if (!isAscii(value))
    throw new Error(`Host takes ASCII, found "${value}": write the name in punycode`);
  const host = value.toLowerCase();
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function header(name: string, matches: (value: string) => boolean): HttpPredicate {
  const lowerName = name.toLowerCase();
  return ({ headerList }) => {
    for (
      let slot = headerList.find(lowerName);
      slot >= 0;
      slot = headerList.find(lowerName, slot + 1)
    ) {
      // As in Go, Host is no header: Host() is for that.
      if (headerList.idAt(slot) !== FieldId.host && matches(headerList.valueAt(slot))) return true;
    }
    return false;
  };
}

function query(key: string, matches: (value: string) => boolean): HttpPredicate {
  return ({ target }) => {
    const mark = target.indexOf("?");
    return mark >= 0 && queryValues(target.slice(mark + 1), key).some(matches);
  };
}

function checkPath(matcher: string, value: string): void {
  if (!value.startsWith("/"))
    throw new Error(`${matcher} takes a path that starts with "/", found "${value}"`);
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}
