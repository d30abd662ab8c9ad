import type { ConnectionFacts, TcpHandler } from "../net/tcp-handler.ts";
import { firstLabelEnd } from "../rules/host-pattern.ts";
import { neededLiterals } from "../rules/needed-literals.ts";
import { parseRule, type RuleNode } from "../rules/parser.ts";
import {
  compileTcpRule,
  isCatchAll,
  neededServerName,
  serverNamesIn,
  TCP_MATCHERS,
  type TcpPredicate,
} from "../rules/tcp-matchers.ts";

/** What a TCP router does with TLS. */
export interface TcpTls {
  readonly passthrough: boolean;
  /** Qualified name of the TLS options, where it terminates TLS. */
  readonly options: string;
}

/** A TCP router as it is given to the mux. */
export interface TcpRoute {
  readonly name: string;
  readonly rule: TcpRule;
  /** Undefined for the rule's own. */
  readonly priority: bigint | undefined;
  readonly providerRank: number;
  readonly tls: TcpTls | null;
  readonly handler: TcpHandler;
}

/** A rule of TCP, compiled. */
export interface TcpRule {
  readonly matches: TcpPredicate;
  /** It is exactly HostSNI(`*`). */
  readonly catchAll: boolean;
  /** All that it names, as written. */
  readonly serverNames: readonly string[];
  /** Server names of which one must be the connection's; null where it matches others too. */
  readonly needed: readonly string[] | null;
  /** Its length in bytes; -1 for the catch-all, which goes last. */
  readonly priority: bigint;
}

/** Throws an Error that says what is wrong with the rule. Source: Traefik's pkg/muxer/tcp/mux.go. */
export function compileTcp(rule: string): TcpRule {
  const tree: RuleNode = parseRule(rule, TCP_MATCHERS);
  const catchAll = isCatchAll(tree);
  return {
    matches: compileTcpRule(tree),
    catchAll,
    serverNames: serverNamesIn(tree),
    needed: neededLiterals(tree, neededServerName),
    priority: catchAll ? -1n : BigInt(new TextEncoder().encode(rule).length),
  };
}

/** A TCP router that takes a connection. */
export interface TcpMatch {
  readonly name: string;
  readonly handler: TcpHandler;
  /** It is for all server names: HTTPS routers go first. */
  readonly catchAll: boolean;
  readonly tls: TcpTls | null;
}

interface Candidate extends TcpMatch {
  readonly matches: TcpPredicate;
  readonly rank: number;
}

/**
 * Finds the TCP router for a connection: the one of the highest priority whose rule matches. Rules
 * that need a certain server name are looked up by it; the answer is that of trying all in order.
 */
export class TcpMux {
  readonly size: number;
  private readonly byName = new Map<string, Candidate[]>();
  /** By what stands behind the name's first label. */
  private readonly byWildcard = new Map<string, Candidate[]>();
  private readonly others: Candidate[] = [];

  constructor(routes: readonly TcpRoute[]) {
    this.size = routes.length;
    const ordered = [...routes].sort(byPriority);
    ordered.forEach(({ name, rule, tls, handler }, rank) => {
      const { matches, catchAll, needed } = rule;
      const candidate = { name, handler, catchAll, tls, matches, rank };
      if (needed === null) this.others.push(candidate);
      for (const serverName of new Set(needed ?? [])) {
        if (serverName.startsWith("*.")) add(this.byWildcard, serverName.slice(1), candidate);
        else add(this.byName, serverName, candidate);
      }
    });
  }

  match(connection: ConnectionFacts): TcpMatch | null {
    const { serverName } = connection;
    let best = firstOf(this.byName.get(serverName), connection, null);
    if (this.byWildcard.size > 0) {
      const domain = serverName.slice(firstLabelEnd(serverName));
      best = firstOf(this.byWildcard.get(domain), connection, best);
    }
    return firstOf(this.others, connection, best);
  }
}

/** The first that matches and goes before `best`. */
function firstOf(
  candidates: readonly Candidate[] | undefined,
  connection: ConnectionFacts,
  best: Candidate | null,
): Candidate | null {
  if (candidates === undefined) return best;
  for (const candidate of candidates) {
    if (best !== null && candidate.rank > best.rank) return best;
    if (candidate.matches(connection)) return candidate;
  }
  return best;
}

function add(lists: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [candidate]);
  else list.push(candidate);
}

function byPriority(a: TcpRoute, b: TcpRoute): number {
  const first = a.priority ?? a.rule.priority;
  const second = b.priority ?? b.rule.priority;
  if (first !== second) return first > second ? -1 : 1;
  if (a.providerRank !== b.providerRank) return a.providerRank - b.providerRank;
  return a.name < b.name ? -1 : 1;
}
