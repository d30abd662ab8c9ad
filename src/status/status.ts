import type { ElementKind } from "../config/dynamic/schema.ts";
import type { ApplyReport } from "../server/data-plane.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

/** An element of the present configuration, as Traefik's API shows it. */
export interface ElementStatus {
  readonly kind: ElementKind;
  /** Qualified. */
  readonly name: string;
  readonly provider: string;
  /** "warning": something is wrong with it, and it serves all the same. */
  readonly status: "enabled" | "warning" | "disabled";
  readonly errors: readonly string[];
  /** Qualified names of the routers (of a service or a middleware) that use it themselves. */
  readonly usedBy: readonly string[];
}

/** What is wrong with an element, and what that makes of it. */
interface ElementErrors {
  readonly status: "warning" | "disabled";
  readonly messages: readonly string[];
}

const NOTHING: ApplyReport = {
  version: 0,
  routers: 0,
  services: 0,
  middlewares: 0,
  disabled: [],
  tlsErrors: [],
  certificates: [],
};

/** What runs, what doesn't and why, and which element uses which. */
export class Status {
  /** The present configuration. */
  snapshot: Snapshot | undefined;
  /** Another number whenever what runs is another. */
  revision = 0;
  private current: ApplyReport = NOTHING;
  private listed: { readonly revision: number; readonly elements: ElementStatus[] } | undefined;

  /** A snapshot serves. */
  set(snapshot: Snapshot, report: ApplyReport): void {
    this.snapshot = snapshot;
    this.current = report;
    this.revision++;
  }

  /** What the data planes said of the present configuration. */
  get report(): ApplyReport {
    return this.current;
  }

  /** Every element of the present configuration, those with errors included, sorted by kind and name. */
  elements(): readonly ElementStatus[] {
    const { revision } = this;
    if (this.listed?.revision !== revision)
      this.listed = { revision, elements: this.listElements() };
    return this.listed.elements;
  }

  private listElements(): ElementStatus[] {
    const { snapshot } = this;
    if (snapshot === undefined) return [];
    const errors = this.errors();
    const uses = usersOf(snapshot);
    const running = new Map<string, [ElementKind, string]>();
    for (const [kind, names] of configured(snapshot)) {
      for (const name of names) running.set(`${kind} ${name}`, [kind, name]);
    }
    const all = new Map(running);
    for (const { kind, name } of this.current.disabled) all.set(`${kind} ${name}`, [kind, name]);
    return [...all]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, [kind, name]]) => ({
        kind,
        name,
        provider: name.includes("@") ? providerOf(name) : "",
        status: errors.get(key)?.status ?? "enabled",
        errors: errors.get(key)?.messages ?? [],
        usedBy: [...(uses.get(key) ?? [])].sort(),
      }));
  }

  private errors(): Map<string, ElementErrors> {
    const errors = new Map<string, ElementErrors>();
    for (const { kind, name, errors: found, goesOn, partly } of this.current.disabled) {
      const key = `${kind} ${name}`;
      const messages = [...(errors.get(key)?.messages ?? []), ...found];
      errors.set(key, {
        status: goesOn === true || partly === true ? "warning" : "disabled",
        messages,
      });
    }
    return errors;
  }
}

function configured(snapshot: Snapshot): [ElementKind, string[]][] {
  const { tcp, udp, tls } = snapshot;
  return [
    ["router", Object.keys(snapshot.routers)],
    ["service", Object.keys(snapshot.services)],
    ["middleware", Object.keys(snapshot.middlewares)],
    ["serversTransport", Object.keys(snapshot.serversTransports)],
    ["tcpRouter", Object.keys(tcp.routers)],
    ["tcpService", Object.keys(tcp.services)],
    ["tcpMiddleware", Object.keys(tcp.middlewares)],
    ["tcpServersTransport", Object.keys(tcp.serversTransports)],
    ["udpRouter", Object.keys(udp.routers)],
    ["udpService", Object.keys(udp.services)],
    ["tlsOptions", Object.keys(tls.options ?? {})],
    ["tlsStore", Object.keys(tls.stores ?? {})],
  ];
}

/** By kind and name of an element: the routers that name it, and services for a transport. */
function usersOf(snapshot: Snapshot): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  const add = (kind: ElementKind, name: string, user: string) => {
    const key = `${kind} ${name}`;
    let set = users.get(key);
    if (set === undefined) {
      set = new Set();
      users.set(key, set);
    }
    set.add(user);
  };
  for (const [name, router] of Object.entries(snapshot.routers)) {
    add("service", router.service, name);
    for (const middleware of router.middlewares) add("middleware", middleware, name);
    if (router.tls !== undefined) add("tlsOptions", router.tls.options, name);
  }
  for (const [name, router] of Object.entries(snapshot.tcp.routers)) {
    add("tcpService", router.service, name);
    for (const middleware of router.middlewares) add("tcpMiddleware", middleware, name);
    if (router.tls !== undefined) add("tlsOptions", router.tls.options, name);
  }
  for (const [name, router] of Object.entries(snapshot.udp.routers))
    add("udpService", router.service, name);
  for (const [name, { loadBalancer }] of Object.entries(snapshot.services)) {
    const transport = loadBalancer?.serversTransport ?? "";
    if (transport !== "")
      add("serversTransport", resolveReference(transport, providerOf(name)), name);
  }
  for (const [name, { loadBalancer }] of Object.entries(snapshot.tcp.services)) {
    const transport = loadBalancer?.serversTransport ?? "";
    if (transport !== "")
      add("tcpServersTransport", resolveReference(transport, providerOf(name)), name);
  }
  return users;
}
