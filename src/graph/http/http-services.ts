import type { Handler } from "../../http/handler.ts";
import type { HttpMiddleware } from "../../middlewares/http/http-middleware.ts";
import { serviceWay } from "../../request/chain.ts";
import type {
  HttpService,
  HttpServiceContext,
  LoadModule,
} from "../../services/http/http-service.ts";
import { named } from "../../services/http/http-service.ts";
import { HTTP_SERVICES } from "../../services/http/kinds/table.ts";
import type { ServerAddress, Upstream } from "../../services/http/server-address.ts";
import { providerOf, resolveReference } from "../../snapshot/names.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { Observer } from "../../telemetry/observer.ts";
import {
  type BuildPath,
  ElementBuilder,
  type Held,
  type Plan,
  type Running,
} from "../element-builder.ts";
import type { ElementPorts } from "../element-ports.ts";
import { missing } from "../missing.ts";
import { planElement } from "../plan-element.ts";
import type { NumberedTransport, Transports } from "../transports.ts";
import { fold } from "./fold.ts";

export const DEFAULT_TRANSPORT = "default@internal";

/** What only makes sense with sockets of our own, and must not be left out in silence. */
const TLS_KEYS = [
  "serverName",
  "insecureSkipVerify",
  "rootCAs",
  "certificates",
  "cipherSuites",
  "minVersion",
  "maxVersion",
  "peerCertURI",
] as const;

export interface ServiceContext extends ElementPorts {
  /** What watches requests go by. */
  readonly observers: readonly Observer[];
  /** Qualified names of services of Sluice's own that only `addInternals` shows. */
  readonly internals: ReadonlySet<string>;
  /** Services that Sluice has itself, by qualified name. */
  readonly internalServices: ReadonlyMap<string, Handler>;
  /** The transport: sockets, or fetch where there are none. */
  readonly proxyTo: (server: ServerAddress) => Upstream;
  /** How servers are connected to; not given where there are no sockets. */
  readonly transports?: Transports;
  /** A fetch handler from a module, loaded afresh where the version is new. */
  readonly loadModule: LoadModule;
}

/** Services of Sluice's own that the static configuration switches on: what is said where it doesn't. */
const SWITCHED: Readonly<Record<string, string>> = {
  "api@internal": "api is not enabled",
  "dashboard@internal": "api is not enabled",
  "rest@internal": "rest is not enabled",
  "ping@internal": "ping is not enabled",
};

/** Where services have their middlewares from: those of `owner` alone, where they count something. */
export interface MiddlewareSource {
  get(name: string, owner: string, path: BuildPath): Promise<Running<HttpMiddleware>>;
}

export type HttpServices = ElementBuilder<HttpService>;

/** Builds the HTTP services of a snapshot. */
export function httpServices(
  snapshot: Snapshot,
  previous: ReadonlyMap<string, Running<HttpService>>,
  context: ServiceContext,
  middlewares: () => MiddlewareSource,
): HttpServices {
  const services: HttpServices = new ElementBuilder<HttpService>({
    kind: "service",
    previous,
    plan: async (name, path) => {
      const internal = context.internalServices.get(name);
      if (internal !== undefined) return internalPlan(name, internal, context);
      if (Object.hasOwn(SWITCHED, name)) throw new Error(SWITCHED[name]);
      const configuration = snapshot.services[name];
      if (configuration === undefined) throw missing(snapshot.disabled, "service", "service", name);
      const { middlewares: references = [], ...types } = configuration;
      const plan = await planElement({
        table: HTTP_SERVICES,
        configuration: types,
        label: `service "${name}"`,
        noun: "type",
        service: (reference) => childOf(services, name, reference, path),
        context: (children, names, held) =>
          contextOf(name, snapshot, context, children as Running<HttpService>[], names, held),
      });
      const links: Running<HttpMiddleware>[] = [];
      for (const reference of references)
        links.push(
          await middlewares().get(
            resolveReference(reference, providerOf(name)),
            // Its own instances, which no router has.
            `${name} (service)`,
            path,
          ),
        );
      return links.length === 0 ? plan : behind(links, plan);
    },
  });
  return services;
}

/** `services.NAME.middlewares`: a service behind middlewares, outermost first. */
function behind(
  links: readonly Running<HttpMiddleware>[],
  plan: Plan<HttpService>,
): Plan<HttpService> {
  return {
    ...plan,
    children: [...plan.children, ...links],
    create: async () => {
      const service = await plan.create();
      return { ...service, handler: fold(links, service.handler) };
    },
  };
}

/** The service that an element of that name refers to. */
export function childOf<T extends HttpService>(
  services: ElementBuilder<T>,
  parent: string,
  reference: string,
  path: BuildPath,
): Promise<Running<T>> {
  return services.get(resolveReference(reference, providerOf(parent)), path);
}

function internalPlan(name: string, handler: Handler, context: ServiceContext): Plan<HttpService> {
  return {
    fingerprint: "internal",
    children: [],
    held: [],
    create: () => ({
      handler: named(name, observed(name, "", handler, context)),
      health: null,
      stop() {},
    }),
  };
}

/** A server, or a handler that answers by itself, with what watches it. */
function observed(
  service: string,
  serverUrl: string,
  handler: Handler,
  { observers, internals }: ServiceContext,
): Handler {
  return serviceWay(observers, { service, serverUrl, internal: internals.has(service) }, handler);
}

function contextOf(
  name: string,
  snapshot: Snapshot,
  context: ServiceContext,
  children: readonly Running<HttpService>[],
  names: readonly string[],
  held: Held[],
): HttpServiceContext {
  const { logger, deadlines, counters, verdicts } = context;
  const upstream = (server: ServerAddress): Handler => {
    const made = context.proxyTo(server);
    held.push(made);
    return made.handler;
  };
  return {
    name,
    provider: providerOf(name),
    logger,
    deadlines,
    counters,
    verdicts,
    services: children.map(({ value }, i) => ({
      name: names[i],
      handler: value.handler,
      health: value.health,
    })),
    transport: (reference) => transportOf(name, reference, snapshot, context.transports),
    server: (server) => observed(name, server.url, upstream(server), context),
    upstream,
    answer: (handler) => named(name, observed(name, "", handler, context)),
    module: (path, bindings) => {
      const version = snapshot.moduleVersions[path] ?? "";
      return { version, load: () => context.loadModule(path, version, bindings) };
    },
    instances: async (timeout) => {
      if (context.transports === undefined)
        throw new Error("handler.isolation: processes need sockets of Sluice's own");
      const instances = snapshot.instances?.[name];
      if (instances === undefined) return undefined;
      if (instances.error !== undefined) throw new Error(instances.error);
      return { sockets: instances.sockets, transport: await context.transports.local(timeout) };
    },
  };
}

/** A serversTransport, or the default one; null where there are no sockets. */
export async function transportOf(
  service: string,
  reference: string,
  snapshot: Snapshot,
  transports: Transports | undefined,
): Promise<NumberedTransport | null> {
  const name =
    reference === "" ? DEFAULT_TRANSPORT : resolveReference(reference, providerOf(service));
  const configuration = snapshot.serversTransports[name];
  if (configuration === undefined && name !== DEFAULT_TRANSPORT)
    throw new Error(
      missing(snapshot.disabled, "serversTransport", "serversTransport", name).message,
    );
  if (transports !== undefined) return transports.get(name, configuration);
  if (configuration !== undefined && TLS_KEYS.some((key) => configuration[key] !== undefined))
    throw new Error(`serversTransport "${name}": its TLS options need sockets of Sluice's own`);
  return null;
}
