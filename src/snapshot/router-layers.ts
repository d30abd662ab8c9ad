import type { Router } from "../config/dynamic/schema.ts";
import { DEFAULT_OBSERVABILITY } from "../http/observability.ts";
import { resolveReference } from "./names.ts";
import type { ProviderConfiguration } from "./provider-configuration.ts";
import type { DisabledElement, RoutedRouter } from "./snapshot.ts";

/** Whether any router is another one's child. */
export function hasLayers(sources: readonly ProviderConfiguration[]): boolean {
  return sources.some(({ configuration }) =>
    Object.values(configuration.http?.routers ?? {}).some(isChild),
  );
}

export function isChild({ parentRefs = [] }: Router): boolean {
  return parentRefs.length > 0;
}

/**
 * Puts routers below those that their `parentRefs` name: a parent gives the requests that it takes, behind its
 * middlewares, to that of its children whose rule matches. Only routers without parents have
 * entrypoints, TLS and `observability`. Source: Traefik's pkg/server/router/router.go (ParseRouterTree).
 */
export class RouterLayers {
  private readonly routers: Record<string, RoutedRouter>;
  /** What each router has become, one for each entrypoint's model, by qualified name. */
  private readonly instances = new Map<string, readonly string[]>();
  private readonly children: { readonly name: string; readonly parents: readonly string[] }[] = [];
  private readonly parentsOf = new Map<string, readonly string[]>();

  constructor(routers: Record<string, RoutedRouter>) {
    this.routers = routers;
  }

  became(name: string, instances: readonly string[]): void {
    this.instances.set(name, instances);
  }

  /** What is wrong with it is added to `errors`; then it isn't served. */
  addChild(
    name: string,
    router: Router,
    provider: string,
    providerRank: number,
    errors: string[],
  ): void {
    const { parentRefs = [], priority = 0n } = router;
    for (const key of ["entryPoints", "tls", "observability"] as const)
      if (router[key] !== undefined && !(key === "entryPoints" && router[key]?.length === 0))
        errors.push(`${key} belongs to the routers without parents, this one has parentRefs`);
    if (errors.length > 0) return;
    this.routers[name] = {
      rule: router.rule,
      priority: priority === 0n ? undefined : String(priority),
      entryPoints: [],
      middlewares: (router.middlewares ?? []).map((each) => resolveReference(each, provider)),
      service: router.service ? resolveReference(router.service, provider) : "",
      observability: DEFAULT_OBSERVABILITY,
      tls: undefined,
      providerRank,
    };
    this.became(name, [name]);
    const parents = parentRefs.map((parent) => resolveReference(parent, provider));
    this.children.push({ name, parents });
    this.parentsOf.set(name, parents);
  }

  /** Whether a router is among those, or above them. */
  private isAbove(name: string, routers: readonly string[]): boolean {
    const waiting = [...routers];
    const seen = new Set<string>();
    for (let router = waiting.pop(); router !== undefined; router = waiting.pop()) {
      if (router === name) return true;
      if (seen.has(router)) continue;
      seen.add(router);
      waiting.push(...(this.parentsOf.get(router) ?? []));
    }
    return false;
  }

  /** Once all routers are there. */
  link(disabled: DisabledElement[]): void {
    const below = new Map<string, string[]>();
    for (const { name, parents } of this.children) {
      if (this.isAbove(name, parents)) {
        disabled.push({ kind: "router", name, errors: ["its parents are below it: a circle"] });
        delete this.routers[name];
        continue;
      }
      const missing = parents.filter((parent) => !this.instances.has(parent));
      if (missing.length > 0) {
        const errors = missing.map((parent) => `the parent router "${parent}" does not exist`);
        disabled.push({ kind: "router", name, errors });
        delete this.routers[name];
        continue;
      }
      for (const instance of parents.flatMap((parent) => this.instances.get(parent) ?? []))
        below.set(instance, [...(below.get(instance) ?? []), name]);
    }
    for (const [name, children] of below) {
      const router = this.routers[name];
      if (router === undefined) continue;
      if (router.service === "") {
        this.routers[name] = { ...router, children };
        continue;
      }
      const errors = [`it has both a service and children: ${children.join(", ")}`];
      disabled.push({ kind: "router", name, errors });
      delete this.routers[name];
    }
  }
}
