import type { ElementKind, Service } from "../config/dynamic/schema.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { ElementStatus } from "../status/status.ts";
import type { ExplainedElement, ExplainedService } from "./explained.ts";

/** What is known of an element by its kind and name. */
export type StatusOf = (
  kind: ElementKind,
  name: string,
) => Pick<ElementStatus, "status" | "errors"> | undefined;

/** Services within services; more are a circle, which is an error of its own. */
const DEEPEST = 10;

/** The middlewares of a router in their order, chains taken apart. */
export function explainMiddlewares(
  names: readonly string[],
  { middlewares }: Snapshot,
  statusOf: StatusOf,
  depth = 0,
): ExplainedElement[] {
  if (depth > DEEPEST) return [];
  return names.flatMap((name) => {
    const middleware = middlewares[name] as
      | (Record<string, unknown> & { readonly chain?: { readonly middlewares?: string[] } })
      | undefined;
    if (middleware?.chain !== undefined) {
      const inner = (middleware.chain.middlewares ?? []).map((each) =>
        resolveReference(each, providerOf(name)),
      );
      return explainMiddlewares(inner, { middlewares } as Snapshot, statusOf, depth + 1);
    }
    return [element("middleware", name, typeOf(middleware), statusOf)];
  });
}

/** A service's own middlewares, which a request meets behind its router's. */
export function serviceMiddlewares(
  name: string,
  snapshot: Snapshot,
  statusOf: StatusOf,
): ExplainedElement[] {
  const names = snapshot.services[name]?.middlewares ?? [];
  const resolved = names.map((each) => resolveReference(each, providerOf(name)));
  return explainMiddlewares(resolved, snapshot, statusOf);
}

/** A service with all that it is made of. */
export function explainService(
  name: string,
  snapshot: Snapshot,
  down: readonly HealthVerdict[],
  statusOf: StatusOf,
  depth = 0,
): ExplainedService {
  const service = snapshot.services[name] as Service | undefined;
  const { loadBalancer, weighted, highestRandomWeight, mirroring, failover } = service ?? {};
  const child = (reference: string, role: string) => ({
    role,
    service: explainService(
      resolveReference(reference, providerOf(name)),
      snapshot,
      down,
      statusOf,
      depth + 1,
    ),
  });
  const services = [
    ...(weighted?.services ?? []).map((one) => child(one.name, `weight ${one.weight ?? 1}`)),
    ...(highestRandomWeight?.services ?? []).map((one) =>
      child(one.name, `weight ${one.weight ?? 1}`),
    ),
    ...(mirroring === undefined ? [] : [child(mirroring.service, "answers")]),
    ...(mirroring?.mirrors ?? []).map((one) => child(one.name, `a copy of ${one.percent} %`)),
    ...(failover === undefined
      ? []
      : [child(failover.service, "first"), child(failover.fallback, "where the first is down")]),
  ];
  const statusOfServer = (url: string) => {
    const own = down.filter(
      (one) => one.kind === "http" && one.service === name && one.server === url,
    );
    if (own.some(({ draining }) => draining !== undefined)) return "DRAINING";
    return own.length > 0 ? "DOWN" : "UP";
  };
  return {
    ...element("service", name, typeOf(service), statusOf),
    strategy: loadBalancer === undefined ? undefined : loadBalancer.strategy || "wrr",
    servers: (loadBalancer?.servers ?? []).map(({ url }) => ({
      url,
      status: statusOfServer(url),
    })),
    services: depth > DEEPEST ? [] : services,
  };
}

function element(
  kind: ElementKind,
  name: string,
  type: string | undefined,
  statusOf: StatusOf,
): ExplainedElement {
  const { status, errors } = statusOf(kind, name) ?? (isInternal(name) ? FINE : MISSING);
  return { name, type, status, errors };
}

const FINE = { status: "enabled", errors: [] } as const;
const MISSING = { status: "disabled", errors: ["it does not exist"] } as const;

/** Of Sluice's own, some are not listed. */
function isInternal(name: string): boolean {
  return name.endsWith("@internal");
}

/** As the API has it. */
function typeOf(element: object = {}): string | undefined {
  const { plugin } = element as { readonly plugin?: object };
  if (plugin !== undefined) return Object.keys(plugin)[0];
  return Object.keys(element)
    .find((name) => name !== "middlewares")
    ?.toLowerCase();
}
