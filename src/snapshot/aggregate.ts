import type {
  DynamicConfiguration,
  Middleware,
  Router,
  ServersTransport,
  Service,
} from "../config/dynamic/schema.ts";
import { Breather } from "../core/loop/breather.ts";
import { sameData } from "../core/same-data.ts";
import {
  DEFAULT_OBSERVABILITY,
  type Observability,
  type ObservabilityWords,
  observabilityOver,
} from "../http/observability.ts";
import { aggregateTcp, aggregateUdp } from "./aggregate-layer4.ts";
import { aggregateTls, DEFAULT_TLS, routedTls, type TlsWords } from "./aggregate-tls.ts";
import { qualify, resolveReference } from "./names.ts";
import type { ProviderConfiguration } from "./provider-configuration.ts";
import { hasLayers, isChild, RouterLayers } from "./router-layers.ts";
import { type RuleSyntax, withRuleInV3 } from "./rule-in-v3.ts";
import type { DisabledElement, RoutedRouter, Snapshot } from "./snapshot.ts";

/** What an entrypoint adds to the routers that are on it (Traefik's entrypoint model). */
export interface EntryPointModel {
  readonly name: string;
  readonly asDefault: boolean;
  /** `http.middlewares`, as written: prepended to each router's own, and resolved per router. */
  readonly middlewares: readonly string[];
  readonly observability: Observability;
  /** `http.tls`: for routers that say nothing of TLS themselves. */
  readonly tls?: TlsWords | undefined;
}

/** A rank that no user's priority reaches: MaxInt64 - 1000 is the users' highest. */
export const MAX_USER_PRIORITY = 2n ** 63n - 1n - 1000n;

/** Where Traefik puts its own API and ping: never a default entrypoint. */
const INTERNAL_ENTRY_POINT = "traefik";

/**
 * Merges what the providers say into one snapshot: qualifies names and references, gives routers
 * without entrypoints the default ones, and applies each entrypoint's model. A router on several
 * entrypoints splits: for each that has a model there is one `<entrypoint>-<name>@provider`; those
 * without a model keep the router's name. Source: Traefik's pkg/server/aggregator.go.
 */
export function aggregate(...parts: AggregateParts): Snapshot {
  const steps = aggregation(...parts);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same, with turns for the event loop between the routers. `memo`: what became of routers before;
 * one that is the same value again is not routed again.
 */
export async function aggregateInTurns(
  memo: RouterMemo,
  ...[version, sources, models, udpEntryPoints, defaultSyntax]: AggregateParts
): Promise<Snapshot> {
  const breather = new Breather();
  const steps = aggregation(version, sources, models, udpEntryPoints, defaultSyntax, memo);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const turn = breather.breathe();
    if (turn !== undefined) await turn;
  }
}

type AggregateParts = [
  version: number,
  sources: readonly ProviderConfiguration[],
  models: readonly EntryPointModel[],
  udpEntryPoints?: readonly string[],
  /** `core.defaultRuleSyntax`. */
  defaultSyntax?: RuleSyntax,
];

/** For one list of models: routers without errors by what their provider said of them. */
export type RouterMemo = WeakMap<
  Router,
  { readonly name: string; readonly providerRank: number; readonly split: Split }
>;

/** What a router has become, by qualified names. */
type Split = readonly (readonly [name: string, router: RoutedRouter])[];

/** Stops behind each router. */
function* aggregation(
  version: number,
  sources: readonly ProviderConfiguration[],
  models: readonly EntryPointModel[],
  udpEntryPoints: readonly string[] = [],
  defaultSyntax: RuleSyntax = "v3",
  memo: RouterMemo = new WeakMap(),
): Generator<undefined, Snapshot> {
  const routers: Record<string, RoutedRouter> = {};
  const services: Record<string, Service> = {};
  const middlewares: Record<string, Middleware> = {};
  const serversTransports: Record<string, ServersTransport> = {};
  const disabled: DisabledElement[] = [];
  const moduleVersions: Record<string, string> = {};
  const byName = new Map(models.map((model) => [model.name, model]));
  const chosen = models.filter((model) => model.asDefault);
  const defaultNames = (chosen.length > 0 ? chosen : models)
    .map((model) => model.name)
    .filter((name) => name !== INTERNAL_ENTRY_POINT);

  const layers = hasLayers(sources) ? new RouterLayers(routers) : null;

  for (const [providerRank, source] of sources.entries()) {
    const { provider, configuration, disabled: refused } = source;
    Object.assign(moduleVersions, source.moduleVersions);
    const http: NonNullable<DynamicConfiguration["http"]> = configuration.http ?? {};
    for (const [name, service] of Object.entries(http.services ?? {})) {
      services[qualify(name, provider)] = service;
    }
    for (const [name, middleware] of Object.entries(http.middlewares ?? {})) {
      middlewares[qualify(name, provider)] = middleware;
    }
    for (const [name, transport] of Object.entries(http.serversTransports ?? {})) {
      serversTransports[qualify(name, provider)] = transport;
    }
    for (const [written, router] of Object.entries(http.routers ?? {})) {
      yield;
      const name = qualify(written, provider);
      if (isChild(router)) {
        const errors: string[] = [];
        const inV3 = withRuleInV3(router, "http", defaultSyntax, errors);
        layers?.addChild(name, inV3, provider, providerRank, errors);
        if (errors.length > 0) disabled.push({ kind: "router", name, errors });
        continue;
      }
      const known = memo.get(router);
      if (known !== undefined && known.name === name && known.providerRank === providerRank) {
        for (const [routerName, routed] of known.split) routers[routerName] = routed;
        layers?.became(
          name,
          known.split.map(([routerName]) => routerName),
        );
        continue;
      }
      const errors: string[] = [];
      const inV3 = withRuleInV3(router, "http", defaultSyntax, errors);
      const translates = errors.length === 0;
      const routed = routeRouter(inV3, provider, providerRank, byName, defaultNames, errors);
      if (errors.length > 0) {
        // One that names some entrypoints that don't exist still serves the others.
        const partly = translates && routed.entryPoints.length > 0;
        const element = { kind: "router" as const, name, errors };
        disabled.push(partly ? { ...element, partly } : element);
        if (!partly) continue;
      }
      const split = applyModels(written, routed, provider, byName);
      for (const [routerName, each] of split) routers[routerName] = each;
      layers?.became(
        name,
        split.map(([routerName]) => routerName),
      );
      if (errors.length === 0) memo.set(router, { name, providerRank, split });
    }
    for (const element of refused) {
      const unqualified = element.kind.startsWith("tls") && element.name === DEFAULT_TLS;
      const name = unqualified ? DEFAULT_TLS : qualify(element.name, provider);
      disabled.push({ ...element, name });
    }
  }
  layers?.link(disabled);
  const names = new Set(byName.keys());
  return {
    version,
    tcp: aggregateTcp(sources, names, defaultNames, MAX_USER_PRIORITY, disabled, defaultSyntax),
    udp: aggregateUdp(sources, new Set(udpEntryPoints), disabled),
    ...aggregateTls(sources, disabled),
    routers,
    services,
    middlewares,
    serversTransports,
    disabled,
    moduleVersions,
    pems: {},
  };
}

function routeRouter(
  router: Router,
  provider: string,
  providerRank: number,
  models: ReadonlyMap<string, EntryPointModel>,
  defaults: readonly string[],
  errors: string[],
): UnmodelledRouter {
  const wanted = router.entryPoints?.length ? router.entryPoints : defaults;
  const entryPoints = wanted.filter((name) => models.has(name));
  if (wanted.length === 0) errors.push("there is no default entryPoint");
  for (const name of wanted) {
    if (!models.has(name)) errors.push(`entryPoint "${name}" does not exist`);
  }
  const priority = BigInt(router.priority ?? 0);
  if (provider !== "internal" && priority > MAX_USER_PRIORITY) {
    errors.push(
      `the router priority ${priority} exceeds the max user-defined priority ${MAX_USER_PRIORITY}`,
    );
    return { ...EMPTY, entryPoints: [] };
  }
  return {
    rule: router.rule ?? "",
    priority: priority === 0n ? undefined : String(priority),
    entryPoints,
    middlewares: (router.middlewares ?? []).map((name) => resolveReference(name, provider)),
    service: router.service ? resolveReference(router.service, provider) : "",
    observability: router.observability ?? {},
    tls: router.tls && routedTls(router.tls, provider),
    providerRank,
  };
}

/** Before the entrypoints' models: what observes it may be left to them. */
type UnmodelledRouter = Omit<RoutedRouter, "observability"> & {
  readonly observability: ObservabilityWords;
};

const EMPTY: UnmodelledRouter = {
  rule: "",
  priority: undefined,
  entryPoints: [],
  middlewares: [],
  service: "",
  observability: {},
  tls: undefined,
  providerRank: 0,
};

function applyModels(
  name: string,
  router: UnmodelledRouter,
  provider: string,
  models: ReadonlyMap<string, EntryPointModel>,
): [string, RoutedRouter][] {
  const result: [string, RoutedRouter][] = [];
  const unshaped = router.entryPoints.filter((entryPoint) => !hasModel(models.get(entryPoint)!));
  if (unshaped.length > 0) {
    result.push([
      qualify(name, provider),
      {
        ...router,
        entryPoints: unshaped,
        observability: observabilityOver(DEFAULT_OBSERVABILITY, router.observability),
      },
    ]);
  }
  for (const entryPoint of router.entryPoints) {
    const model = models.get(entryPoint)!;
    if (!hasModel(model)) continue;
    const own = model.middlewares.map((middleware) => resolveReference(middleware, provider));
    result.push([
      qualify(router.entryPoints.length > 1 ? `${entryPoint}-${name}` : name, provider),
      {
        ...router,
        entryPoints: [entryPoint],
        observability: observabilityOver(model.observability, router.observability),
        tls: router.tls ?? (model.tls && routedTls(model.tls, provider)),
        middlewares: [...own, ...router.middlewares],
      },
    ]);
  }
  return result;
}

function hasModel(model: EntryPointModel): boolean {
  return (
    model.middlewares.length > 0 ||
    model.tls !== undefined ||
    !sameData(model.observability, DEFAULT_OBSERVABILITY)
  );
}
