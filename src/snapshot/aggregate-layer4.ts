import { routedTls } from "./aggregate-tls.ts";
import { qualify, resolveReference } from "./names.ts";
import type { ProviderConfiguration } from "./provider-configuration.ts";
import { type RuleSyntax, withRuleInV3 } from "./rule-in-v3.ts";
import type {
  DisabledElement,
  Elements,
  RoutedTcpRouter,
  RoutedUdpRouter,
  TcpSnapshot,
  UdpSnapshot,
} from "./snapshot.ts";

/** A map of one section of all providers, with qualified names. */
function collect<T>(
  sources: readonly ProviderConfiguration[],
  sectionOf: (source: ProviderConfiguration) => Readonly<Record<string, T>> | undefined,
): Elements<T> {
  const all: Record<string, T> = {};
  for (const source of sources) {
    for (const [name, element] of Object.entries(sectionOf(source) ?? {}))
      all[qualify(name, source.provider)] = element;
  }
  return all;
}

/** Those of `wanted` that exist; what is wrong is added to `errors`. */
function existing(
  wanted: readonly string[],
  entryPoints: ReadonlySet<string>,
  kind: string,
  errors: string[],
): string[] {
  if (wanted.length === 0) errors.push(`there is no default ${kind} entryPoint`);
  for (const name of wanted) {
    if (!entryPoints.has(name)) errors.push(`the ${kind} entryPoint "${name}" does not exist`);
  }
  return wanted.filter((name) => entryPoints.has(name));
}

function withErrors(
  kind: DisabledElement["kind"],
  name: string,
  errors: readonly string[],
  partly: boolean,
): DisabledElement {
  return partly ? { kind, name, errors, partly } : { kind, name, errors };
}

/**
 * The TCP part of all providers: routers without entrypoints have the default ones, as HTTP's do.
 * Source: Traefik's pkg/server/aggregator.go.
 */
export function aggregateTcp(
  sources: readonly ProviderConfiguration[],
  entryPoints: ReadonlySet<string>,
  defaults: readonly string[],
  maxPriority: bigint,
  disabled: DisabledElement[],
  defaultSyntax: RuleSyntax = "v3",
): TcpSnapshot {
  const routers: Record<string, RoutedTcpRouter> = {};
  sources.forEach(({ provider, configuration }, providerRank) => {
    for (const [name, asWritten] of Object.entries(configuration.tcp?.routers ?? {})) {
      const errors: string[] = [];
      const router = withRuleInV3(asWritten, "tcp", defaultSyntax, errors);
      const translates = errors.length === 0;
      const wanted = router.entryPoints?.length ? router.entryPoints : defaults;
      const priority = BigInt(router.priority ?? 0);
      if (priority > maxPriority) {
        errors.push(
          `the router priority ${priority} exceeds the max user-defined priority ${maxPriority}`,
        );
      }
      const used = existing(wanted, entryPoints, "TCP", errors);
      // One that names some entrypoints that don't exist still serves the others.
      const partly = used.length > 0 && priority <= maxPriority && translates;
      if (errors.length > 0)
        disabled.push(withErrors("tcpRouter", qualify(name, provider), errors, partly));
      if (!partly) continue;
      routers[qualify(name, provider)] = {
        rule: router.rule ?? "",
        priority: priority === 0n ? undefined : String(priority),
        entryPoints: used,
        middlewares: (router.middlewares ?? []).map((each) => resolveReference(each, provider)),
        service: router.service ? resolveReference(router.service, provider) : "",
        tls:
          router.tls === undefined
            ? undefined
            : {
                passthrough: router.tls.passthrough ?? false,
                ...routedTls(router.tls, provider),
              },
        providerRank,
      };
    }
  });
  return {
    routers,
    services: collect(sources, ({ configuration }) => configuration.tcp?.services),
    middlewares: collect(sources, ({ configuration }) => configuration.tcp?.middlewares),
    serversTransports: collect(
      sources,
      ({ configuration }) => configuration.tcp?.serversTransports,
    ),
  };
}

/**
 * The UDP part of all providers: a router without entrypoints has all of UDP's. Source: Traefik's
 * pkg/config/runtime/runtime_udp.go.
 */
export function aggregateUdp(
  sources: readonly ProviderConfiguration[],
  entryPoints: ReadonlySet<string>,
  disabled: DisabledElement[],
): UdpSnapshot {
  const routers: Record<string, RoutedUdpRouter> = {};
  for (const { provider, configuration } of sources) {
    for (const [name, router] of Object.entries(configuration.udp?.routers ?? {})) {
      const errors: string[] = [];
      const wanted = router.entryPoints?.length ? router.entryPoints : [...entryPoints];
      const used = existing(wanted, entryPoints, "UDP", errors);
      if (errors.length > 0)
        disabled.push(withErrors("udpRouter", qualify(name, provider), errors, used.length > 0));
      if (used.length === 0) continue;
      const service = router.service ? resolveReference(router.service, provider) : "";
      routers[qualify(name, provider)] = { entryPoints: used, service };
    }
  }
  return {
    routers,
    services: collect(sources, ({ configuration }) => configuration.udp?.services),
  };
}
