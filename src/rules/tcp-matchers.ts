import { CidrSet } from "../core/cidr.ts";
import type { ConnectionFacts } from "../net/tcp-handler.ts";
import { compileGoRegexp } from "./go-regexp.ts";
import { firstLabelEnd, isAscii } from "./host-pattern.ts";
import type { MatcherArity, MatcherNode, RuleNode } from "./parser.ts";
import { shortened } from "./shortened.ts";

/** Decides on one connection. */
export type TcpPredicate = (connection: ConnectionFacts) => boolean;

const one = { min: 1, max: 1 };

/** The TCP matchers of Traefik v3; each takes one value. */
export const TCP_MATCHERS = {
  HostSNI: one,
  HostSNIRegexp: one,
  ALPN: one,
  ClientIP: one,
} as const satisfies MatcherArity;

/** A name or an address, with a wildcard for the first label or without. */
const NAME = /^(\*\.)?[\w.\-:]+$/;

/** Semantics of Traefik's pkg/muxer/tcp/matcher.go. */
const COMPILERS: Record<keyof typeof TCP_MATCHERS, (value: string) => TcpPredicate> = {
  HostSNI: (value) => {
    if (value === "*") return () => true;
    const name = sniName(value);
    if (!name.startsWith("*.")) return ({ serverName }) => serverName === name;
    const domain = name.slice(1);
    return ({ serverName }) => serverName.slice(firstLabelEnd(serverName)) === domain;
  },
  HostSNIRegexp: (value) => {
    if (!isAscii(value))
      throw new Error(
        `HostSNIRegexp takes ASCII, found "${shortened(value)}": write the name in punycode`,
      );
    const expression = compileGoRegexp(value);
    return ({ serverName }) => expression.test(serverName);
  },
  ALPN: (value) => {
    if (value === "acme-tls/1")
      throw new Error('ALPN: "acme-tls/1" is not for routers: it belongs to ACME');
    return ({ alpn }) => alpn.includes(value);
  },
  ClientIP: (value) => {
    const ranges = CidrSet.parse([value]);
    return ({ ip }) => ranges.contains(ip);
  },
};

/** The name that HostSNI names, in lower case and without a trailing dot. Throws where it is none. */
function sniName(value: string): string {
  const lower = value.toLowerCase();
  const name = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  // A lone dot is no name: without it, it would be that of all who send none.
  if (!NAME.test(name))
    throw new Error(`HostSNI takes a host name or "*", found "${shortened(value)}"`);
  return name;
}

/** The server name that a matcher needs, `*.x` as "*.x"; null where it matches others too. */
export function neededServerName({ name, values }: MatcherNode): string | null {
  return name === "HostSNI" && values[0] !== "*" ? sniName(values[0]) : null;
}

/** True for a rule that is exactly HostSNI(`*`): the fallback of its entrypoint. */
export function isCatchAll(node: RuleNode): boolean {
  return node.type === "matcher" && node.name === "HostSNI" && node.values[0] === "*";
}

/** All that HostSNI matchers name, negated ones too, as written. */
export function serverNamesIn(node: RuleNode): string[] {
  switch (node.type) {
    case "matcher":
      return node.name === "HostSNI" ? [node.values[0]] : [];
    case "not":
      return serverNamesIn(node.operand);
    default:
      return node.operands.flatMap(serverNamesIn);
  }
}

/** Throws an Error that says what is wrong with a value. */
export function compileTcpRule(node: RuleNode): TcpPredicate {
  switch (node.type) {
    case "matcher":
      return COMPILERS[node.name as keyof typeof TCP_MATCHERS](node.values[0]);
    case "not": {
      const operand = compileTcpRule(node.operand);
      return (connection) => !operand(connection);
    }
    case "and": {
      const operands = node.operands.map(compileTcpRule);
      return (connection) => operands.every((operand) => operand(connection));
    }
    case "or": {
      const operands = node.operands.map(compileTcpRule);
      return (connection) => operands.some((operand) => operand(connection));
    }
  }
}
