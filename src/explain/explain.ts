import type { EntryPointConfiguration } from "../config/static/entry-points.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import { parseHostPort } from "../net/host-port.ts";
import { canonicalHost } from "../request/request-decorator.ts";
import { compileTcp } from "../routers/tcp-mux.ts";
import { isUdp } from "../server/udp-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { RoutedTcpRouter, Snapshot } from "../snapshot/snapshot.ts";
import type { ElementStatus, Status } from "../status/status.ts";
import type { ExplainQuery } from "./explain-query.ts";
import { ExplainError } from "./explain-query.ts";
import { type RankedRouter, rankRouters, routersOn } from "./explain-routers.ts";
import {
  explainMiddlewares,
  explainService,
  type StatusOf,
  serviceMiddlewares,
} from "./explain-service.ts";
import { explainTls, type KnownCertificate, onDemandFor, tlsHostsOf } from "./explain-tls.ts";
import type { Explanation } from "./explained.ts";
import { probe } from "./probe.ts";
import { summarize } from "./summarize.ts";

/** What is asked about a request that doesn't exist. */
export interface World {
  readonly configuration: StaticConfiguration;
  readonly status: Status;
  /** What active health checks have found to be down. */
  readonly down: readonly HealthVerdict[];
  readonly certificates: readonly KnownCertificate[];
}

/** Layers of routers; more are a circle, which is an error of its own. */
const DEEPEST = 20;

/**
 * Says what a request would meet: entrypoint, TLS, router, middlewares, service; and for each router
 * of the entrypoint which part of its rule keeps the request from it. Throws ExplainError where
 * the question names an entrypoint that doesn't exist.
 */
export async function explain(query: ExplainQuery, world: World): Promise<Explanation> {
  const { status, configuration } = world;
  const { url } = query;
  const isTls = url.protocol === "https:";
  const chosen = entryPointOf(query, configuration);
  const snapshot = status.snapshot;
  if (chosen === undefined || snapshot === undefined) {
    return summarize({
      ...nothing(query, isTls),
      outcome: "no entrypoint",
      summary: [],
      entryPoints: addresses(configuration),
    });
  }
  const [name, entry] = chosen;
  const probed = await probe(query, name, entry);
  const statusOf = statuses(status);
  const base: Explanation = {
    ...nothing(query, isTls),
    request: {
      ...nothing(query, isTls).request,
      host: probed.exchange.routingHost || canonicalHost(probed.request.host),
      path: probed.exchange.routingPath,
    },
    entryPoint: { name, address: entry.address },
  };
  const tls = isTls ? tlsOf(query, name, snapshot, world, statusOf) : undefined;
  const tcp = tcpRouterOf(query, name, isTls, tls?.catchAll, snapshot, statusOf);
  if (tcp !== undefined) return summarize({ ...base, outcome: "tcp", tcp, tls: tls?.explained });
  if (probed.refused !== undefined)
    return summarize({
      ...base,
      outcome: "refused",
      refused: probed.refused,
      tls: tls?.explained,
    });
  const rank = (names: readonly string[], tlsMatters: boolean) =>
    rankRouters(snapshot, names, tlsMatters ? isTls : undefined, probed, (router) =>
      statusOf("router", router),
    );
  let ranked = await rank(routersOn(snapshot, name), true);
  const taken: RankedRouter[] = [];
  // Each layer has its own choice, until one has a service.
  while (ranked[0]?.distance === 0 && taken.length < DEEPEST) {
    taken.push(ranked[0]);
    const { children } = ranked[0].router;
    if (children === undefined) break;
    ranked = await rank(children, false);
  }
  const last = taken.at(-1);
  const found = last !== undefined && last.router.children === undefined;
  const [first, ...layers] = taken;
  const others = ranked.filter((one) => one !== last).slice(0, query.limit);
  return summarize({
    ...base,
    outcome: found ? "routed" : "not found",
    tls: tls?.explained,
    router: first?.explained,
    layers: layers.map(({ explained }) => explained),
    middlewares: [
      ...taken.flatMap(({ router }) => explainMiddlewares(router.middlewares, snapshot, statusOf)),
      ...(found ? serviceMiddlewares(last.router.service, snapshot, statusOf) : []),
    ],
    service: found
      ? explainService(last.router.service, snapshot, world.down, statusOf)
      : undefined,
    routerCount: ranked.length,
    others: others.map(({ explained }) => explained),
  });
}

function nothing({ url, method, ip }: ExplainQuery, tls: boolean): Explanation {
  return {
    request: { url: url.href, method, host: url.hostname, path: url.pathname, ip, tls },
    outcome: "not found",
    summary: [],
    entryPoint: undefined,
    tls: undefined,
    router: undefined,
    layers: [],
    middlewares: [],
    service: undefined,
    routerCount: 0,
    others: [],
  };
}

function entryPointOf(
  { url, entryPoint }: ExplainQuery,
  { entryPoints }: StaticConfiguration,
): [string, EntryPointConfiguration] | undefined {
  const entries = Object.entries(entryPoints).filter(([, entry]) => !isUdp(entry));
  if (entryPoint !== "") {
    const named = entries.find(([name]) => name === entryPoint);
    if (named === undefined)
      throw new ExplainError(
        `entryPoint: expected one of ${entries.map(([name]) => name).join(", ")}, found "${entryPoint}"`,
      );
    return named;
  }
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return entries.find(([, { address }]) => parseHostPort(address).port === port);
}

function addresses({ entryPoints }: StaticConfiguration): string[] {
  return Object.entries(entryPoints)
    .filter(([, entry]) => !isUdp(entry))
    .map(([name, { address }]) => `${name} (${address})`);
}

function statuses(status: Status): StatusOf {
  const all = new Map<string, ElementStatus>();
  for (const element of status.elements()) all.set(`${element.kind} ${element.name}`, element);
  return (kind, name) => all.get(`${kind} ${name}`);
}

/** What the client asks for in its handshake: an address is no name. */
function serverNameOf({ url }: ExplainQuery): string {
  const { hostname } = url;
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname) ? "" : canonicalHost(hostname);
}

function tlsOf(
  query: ExplainQuery,
  entryPoint: string,
  snapshot: Snapshot,
  { certificates, configuration }: World,
  statusOf: StatusOf,
) {
  const serves = (router: string) => statusOf("router", router)?.status !== "disabled";
  const serverName = serverNameOf(query);
  const host = tlsHostsOf(snapshot, entryPoint, serves).find(serverName);
  return {
    /** Undefined where no HTTP router has TLS for that name. */
    catchAll: host?.catchAll,
    explained: explainTls(host?.options ?? "default", serverName, certificates, () =>
      onDemandFor(serverName, snapshot, configuration),
    ),
  };
}

/** The TCP router that takes the connection before HTTP sees it. */
function tcpRouterOf(
  query: ExplainQuery,
  entryPoint: string,
  isTls: boolean,
  catchAll: boolean | undefined,
  { tcp }: Snapshot,
  statusOf: StatusOf,
): string | undefined {
  if (catchAll === false) return undefined;
  const facts = {
    serverName: isTls ? serverNameOf(query) : "",
    alpn: isTls ? ["h2", "http/1.1"] : [],
    ip: query.ip,
  };
  const candidates = Object.entries(tcp.routers)
    .filter(
      ([name, router]) =>
        router.entryPoints.includes(entryPoint) &&
        (router.tls !== undefined) === isTls &&
        statusOf("tcpRouter", name)?.status !== "disabled",
    )
    .flatMap(([name, router]) => compiled(name, router))
    .filter(({ rule }) => rule.matches(facts))
    .sort((a, b) => (a.priority === b.priority ? 0 : a.priority > b.priority ? -1 : 1));
  const [first] = candidates;
  // Routers of HTTP with TLS go before what is for all names.
  if (first === undefined || (isTls && first.rule.catchAll && catchAll !== undefined))
    return undefined;
  return first.name;
}

function compiled(name: string, router: RoutedTcpRouter) {
  try {
    const rule = compileTcp(router.rule);
    const priority = router.priority === undefined ? rule.priority : BigInt(router.priority);
    return [{ name, rule, priority }];
  } catch {
    return [];
  }
}
