import type { DynamicConfiguration } from "../config/dynamic/schema.ts";
import type { EntryPointConfiguration } from "../config/static/entry-points.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import { DEFAULT_OBSERVABILITY, observabilityOver } from "../http/observability.ts";
import type { EntryPointModel } from "../snapshot/aggregate.ts";

/** What routers on this entrypoint get from it. */
export function entryPointModel(
  name: string,
  configuration: EntryPointConfiguration,
): EntryPointModel {
  return {
    name,
    asDefault: configuration.asDefault,
    middlewares: configuration.http.middlewares,
    tls: configuration.http.tls,
    observability: observabilityOver(DEFAULT_OBSERVABILITY, configuration.observability),
  };
}

/** Traefik's ranks for its own routers (behind these: users' highest priority, MaxInt64 - 1000). */
const MAX_INT = 2n ** 63n - 1n;

/**
 * The routers, middlewares and services that the static configuration implies, as the provider
 * "internal" has them: redirections, ping, metrics, and the API and the REST provider where they are insecure.
 */
export function internalConfiguration(configuration: StaticConfiguration): DynamicConfiguration {
  const routers: Record<string, unknown> = {};
  const middlewares: Record<string, unknown> = {};
  // What answers is each plane's own; here they are named, so that the API shows them.
  const services: Record<string, unknown> = { noop: {} };
  for (const [name, entryPoint] of Object.entries(configuration.entryPoints)) {
    const redirection = entryPoint.http.redirections?.entryPoint;
    if (redirection === undefined) continue;
    const { to, scheme, permanent, priority } = redirection;
    const middlewareName = `redirect-${name}-to-${to.replace(/^:/, "")}`;
    routers[`${name}-to-${to.replace(/^:/, "")}`] = {
      rule: "HostRegexp(`^.+$`)",
      entryPoints: [name],
      middlewares: [middlewareName],
      service: "noop",
      priority: priority === undefined ? MAX_INT - 1n : BigInt(priority),
    };
    middlewares[middlewareName] = {
      redirectScheme: { scheme, permanent, port: redirectionPort(to, configuration) },
    };
  }
  if (configuration.ping !== undefined) services["ping"] = {};
  if (configuration.ping !== undefined && !configuration.ping.manualRouting) {
    routers["ping"] = {
      rule: "PathPrefix(`/ping`)",
      entryPoints: [configuration.ping.entryPoint],
      service: "ping",
      priority: MAX_INT,
    };
  }
  const { api } = configuration;
  if (api !== undefined) services["api"] = {};
  if (api?.dashboard === true) services["dashboard"] = {};
  const prometheus = configuration.metrics?.prometheus;
  if (prometheus !== undefined) services["prometheus"] = {};
  if (prometheus !== undefined && !prometheus.manualRouting) {
    routers["prometheus"] = {
      rule: "PathPrefix(`/metrics`)",
      entryPoints: [prometheus.entryPoint],
      service: "prometheus",
      priority: MAX_INT,
    };
  }
  if (api?.insecure === true) {
    routers["api"] = {
      rule: "PathPrefix(`/api`)",
      entryPoints: ["traefik"],
      service: "api",
      priority: MAX_INT - 1n,
    };
    if (api.dashboard) {
      routers["dashboard"] = {
        rule: "PathPrefix(`/`)",
        entryPoints: ["traefik"],
        middlewares: ["dashboard_redirect", "dashboard_stripprefix"],
        service: "dashboard",
        priority: MAX_INT - 2n,
      };
      middlewares["dashboard_redirect"] = {
        redirectRegex: {
          regex: "^(http:\\/\\/(\\[[\\w:.]+\\]|[\\w\\._-]+)(:\\d+)?)\\/$",
          replacement: "${1}/dashboard/",
          permanent: true,
        },
      };
      middlewares["dashboard_stripprefix"] = {
        stripPrefix: { prefixes: ["/dashboard/", "/dashboard"] },
      };
    }
    if (api.debug) {
      routers["debug"] = {
        rule: "PathPrefix(`/debug`)",
        entryPoints: ["traefik"],
        service: "api",
        priority: MAX_INT - 1n,
      };
    }
  }
  const { rest } = configuration.providers;
  if (rest !== undefined) services["rest"] = {};
  if (rest?.insecure === true) {
    routers["rest"] = {
      rule: "PathPrefix(`/api/providers`)",
      entryPoints: ["traefik"],
      service: "rest",
      priority: MAX_INT,
    };
  }
  challengeRouters(configuration, routers, services);
  return { http: { routers, middlewares, services } } as unknown as DynamicConfiguration;
}

/**
 * What answers authorities that look for HTTP-01, ahead of all redirections; behind users' routers of
 * a longer rule where the entrypoint has `allowACMEByPass`.
 */
function challengeRouters(
  { certificatesResolvers = {}, entryPoints }: StaticConfiguration,
  routers: Record<string, unknown>,
  services: Record<string, unknown>,
): void {
  const named = Object.values(certificatesResolvers).flatMap(
    ({ acme }) => acme?.httpChallenge?.entryPoint ?? [],
  );
  const known = [...new Set(named)].filter((name) => Object.hasOwn(entryPoints, name));
  const passing = known.filter((name) => entryPoints[name].allowACMEByPass === true);
  const first = known.filter((name) => !passing.includes(name));
  const router = { rule: "PathPrefix(`/.well-known/acme-challenge/`)", service: "acme-http" };
  if (known.length > 0) services["acme-http"] = {};
  if (first.length > 0) routers["acme-http"] = { ...router, entryPoints: first, priority: MAX_INT };
  if (passing.length > 0) routers["acme-http-bypass"] = { ...router, entryPoints: passing };
}

/** `to` names an entrypoint, or is a port with its colon. Throws where it names none. */
function redirectionPort(to: string, configuration: StaticConfiguration): string {
  if (to.startsWith(":")) return to.slice(1);
  const target = configuration.entryPoints[to];
  if (target === undefined)
    throw new Error(`redirections.entryPoint.to: the entryPoint "${to}" does not exist`);
  return target.address.replace(/\/(tcp|udp)$/, "").replace(/^.*:/, "");
}
