import { middlewareSchema } from "../config/dynamic/http-middlewares.ts";
import { serviceSchema } from "../config/dynamic/http-services.ts";
import type { ElementKind } from "../config/dynamic/schema.ts";
import { tcpMiddlewareSchema, tcpServiceSchema } from "../config/dynamic/tcp.ts";
import { udpServiceSchema } from "../config/dynamic/udp.ts";
import { Breather } from "../core/loop/breather.ts";
import type { FunctionStates } from "../isolation/supervisor.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import { providerOf } from "../snapshot/names.ts";
import type {
  RoutedRouter,
  RoutedTcpRouter,
  RoutedTls,
  RoutedUdpRouter,
  Snapshot,
} from "../snapshot/snapshot.ts";
import type { ElementStatus, Status } from "../status/status.ts";
import { goValue } from "./go/go-value.ts";
import { withHiddenSecrets } from "./hidden-values.ts";

export type Plane = "http" | "tcp" | "udp";
export type Section = "routers" | "services" | "middlewares";

/** What the API shows of an element, in the order in which Traefik has its members. */
export type ApiElement = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly provider: string;
  readonly status: string;
};

const KINDS: Readonly<Record<Plane, Partial<Record<Section, ElementKind>>>> = {
  http: { routers: "router", services: "service", middlewares: "middleware" },
  tcp: { routers: "tcpRouter", services: "tcpService", middlewares: "tcpMiddleware" },
  udp: { routers: "udpRouter", services: "udpService" },
};

interface ElementList {
  /** Sorted by name. */
  readonly elements: readonly ApiElement[];
  readonly byName: ReadonlyMap<string, ApiElement>;
}

/** The elements of each section, listed anew only when they have changed, and in turns: there may be many. */
export class ElementLists {
  private readonly status: Status;
  private readonly down: () => readonly HealthVerdict[];
  private readonly instances: () => FunctionStates;
  private readonly lists = new Map<
    string,
    { /** Of what it was made. */ readonly state: string; readonly list: Promise<ElementList> }
  >();

  /** `down`: what active health checks have found to be down, and what is being emptied; `instances`: the processes of functions. */
  constructor(
    status: Status,
    down: () => readonly HealthVerdict[],
    instances: () => FunctionStates,
  ) {
    this.status = status;
    this.instances = instances;
    this.down = down;
  }

  /** All of a section, sorted by name. */
  async all(plane: Plane, section: Section): Promise<readonly ApiElement[]> {
    return (await this.list(plane, section)).elements;
  }

  async find(plane: Plane, section: Section, name: string): Promise<ApiElement | undefined> {
    return (await this.list(plane, section)).byName.get(name);
  }

  private list(plane: Plane, section: Section): Promise<ElementList> {
    const { status, lists } = this;
    const down = section === "services" ? this.down() : [];
    const instances = section === "services" && plane === "http" ? this.instances() : {};
    const state = JSON.stringify([status.revision, down, instances]);
    const key = `${plane}/${section}`;
    const before = lists.get(key);
    if (before?.state === state) return before.list;
    const list = this.make(plane, section, down, instances);
    lists.set(key, { state, list });
    return list;
  }

  private async make(
    plane: Plane,
    section: Section,
    down: readonly HealthVerdict[],
    instances: FunctionStates,
  ): Promise<ElementList> {
    const { status } = this;
    const breather = new Breather();
    const kind = KINDS[plane][section];
    const parents = kind === "router" ? parentsOf(status.snapshot) : new Map();
    const elements: ApiElement[] = [];
    for (const element of status.elements()) {
      if (element.kind !== kind) continue;
      const turn = breather.breathe();
      if (turn !== undefined) await turn;
      const made = shown(status, down, plane, section, element, parents.get(element.name));
      const own = instances[element.name];
      elements.push(own === undefined ? made : { ...made, instances: own });
    }
    elements.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { elements, byName: new Map(elements.map((one) => [one.name, one])) };
  }
}

function shown(
  status: Status,
  down: readonly HealthVerdict[],
  plane: Plane,
  section: Section,
  element: ElementStatus,
  parents: readonly string[] | undefined,
): ApiElement {
  const { name, provider } = element;
  const common = {
    error: element.errors.length === 0 ? undefined : element.errors,
    status: element.status,
  };
  const { snapshot } = status;
  const source = plane === "http" ? snapshot : snapshot?.[plane];
  if (section === "routers") {
    const routers = source?.routers as
      | Readonly<Record<string, RoutedRouter | RoutedTcpRouter | RoutedUdpRouter>>
      | undefined;
    const router = routers?.[name];
    const broken = element.status === "disabled";
    const { priorityStr, ...members } = routerMembers(plane, router, provider, broken, parents);
    const using =
      router === undefined || parents !== undefined ? undefined : router.entryPoints.toSorted();
    return { ...members, ...common, using, name, provider, ...(priorityStr && { priorityStr }) };
  }
  const usedBy = element.usedBy.length === 0 ? undefined : element.usedBy;
  if (section === "services") {
    const services = source?.services as Readonly<Record<string, object>> | undefined;
    const service = services?.[name] ?? {};
    const schemas = { http: serviceSchema, tcp: tcpServiceSchema, udp: udpServiceSchema };
    const type = typeOf(service);
    return {
      ...(withHiddenSecrets(goValue(schemas[plane], service)) as object),
      ...common,
      usedBy,
      name,
      provider,
      type,
      serverStatus: plane === "udp" ? undefined : serverStatus(service, downOf(down, plane, name)),
    };
  }
  const middlewares = (plane === "tcp" ? snapshot?.tcp : snapshot)?.middlewares as
    | Readonly<Record<string, object>>
    | undefined;
  const middleware = middlewares?.[name] ?? {};
  const schema = plane === "tcp" ? tcpMiddlewareSchema : middlewareSchema;
  return {
    ...(withHiddenSecrets(goValue(schema, middleware)) as object),
    ...common,
    usedBy,
    name,
    provider,
    type: typeOf(middleware),
  };
}

/** For routers that are below others, those above them. */
function parentsOf(snapshot: Snapshot | undefined): Map<string, string[]> {
  const parents = new Map<string, string[]>();
  for (const [name, { children = [] }] of Object.entries(snapshot?.routers ?? {}))
    for (const child of children) parents.set(child, [...(parents.get(child) ?? []), name].sort());
  return parents;
}

function routerMembers(
  plane: Plane,
  router: RoutedRouter | RoutedTcpRouter | RoutedUdpRouter | undefined,
  provider: string,
  broken: boolean,
  parentRefs: readonly string[] | undefined,
): Record<string, unknown> & { priorityStr?: string } {
  if (router === undefined) return plane === "udp" ? {} : { priorityStr: "0" };
  const { entryPoints } = router;
  const service = asWritten(router.service, provider);
  if (!("rule" in router)) return { entryPoints, service };
  const priority = broken ? 0n : BigInt(router.priority ?? defaultPriority(plane, router.rule));
  const { middlewares, rule, tls } = router;
  return {
    entryPoints: entryPoints.length === 0 ? undefined : entryPoints,
    middlewares: middlewares.length === 0 ? undefined : middlewares,
    service: service || undefined,
    rule: rule || undefined,
    parentRefs,
    ruleSyntax: provider === "internal" ? "default" : undefined,
    priority: priority === 0n ? undefined : priority,
    tls:
      tls &&
      ("passthrough" in tls
        ? { passthrough: tls.passthrough, ...tlsMembers(tls) }
        : tlsMembers(tls)),
    // Of a router below others it is theirs.
    observability:
      "observability" in router && parentRefs === undefined ? router.observability : undefined,
    priorityStr: String(priority),
  };
}

function tlsMembers({ options, certResolver, domains }: RoutedTls): Record<string, unknown> {
  return { options, certResolver, domains };
}

/** A reference within the provider, as its configuration has it. */
function asWritten(service: string, provider: string): string {
  return service !== "" && providerOf(service) === provider
    ? service.slice(0, -provider.length - 1)
    : service;
}

/** A rule's length in bytes; HostSNI(`*`) is behind all others. */
function defaultPriority(plane: Plane, rule: string): number {
  if (plane === "tcp" && /^HostSNI\(\s*[`"]\*[`"]\s*\)$/i.test(rule.trim())) return -1;
  return new TextEncoder().encode(rule).length;
}

/** The name of the one member that says what an element is, as Traefik writes it. */
function typeOf(element: object): string | undefined {
  const { plugin } = element as { readonly plugin?: object };
  // A plugin's own name, as it is written.
  if (plugin !== undefined) return Object.keys(plugin)[0];
  const names = Object.keys(element).filter((name) => name !== "middlewares");
  return names[0]?.toLowerCase();
}

/** The states of a service's servers that aren't merely up. */
function downOf(
  down: readonly HealthVerdict[],
  plane: Plane,
  service: string,
): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const verdict of down) {
    if (verdict.kind !== plane || verdict.service !== service) continue;
    if (verdict.draining !== undefined) states.set(verdict.server, "DRAINING");
    else if (!states.has(verdict.server)) states.set(verdict.server, "DOWN");
  }
  return states;
}

/** A server is up until a check fails. */
function serverStatus(
  service: object,
  down: ReadonlyMap<string, string>,
): Record<string, string> | undefined {
  const { loadBalancer } = service as {
    readonly loadBalancer?: {
      readonly servers?: readonly { readonly url?: string; readonly address?: string }[];
    };
  };
  const servers = (loadBalancer?.servers ?? []).map(({ url, address }) => url ?? address ?? "");
  return servers.length === 0
    ? undefined
    : Object.fromEntries(servers.sort().map((server) => [server, down.get(server) ?? "UP"]));
}
