import type { Service } from "../../config/dynamic/schema.ts";
import type { SharedCounters } from "../../core/counters/counters.ts";
import type {
  ElementInputs,
  ElementKind,
  ElementTable,
  ElementValue,
} from "../../core/element-kind.ts";
import type { Logger } from "../../core/logger.ts";
import type { Deadlines } from "../../core/timers.ts";
import type { Handler } from "../../http/handler.ts";
import type { Transport } from "../../upstream/transport.ts";
import type { Health } from "../health/health.ts";
import type { HealthVerdicts } from "../health/health-verdicts.ts";
import type { KvOptions } from "./handler/kv/kv-stores.ts";
import type { ServerAddress } from "./server-address.ts";

/** A service that was built, with what its parents and a reload need. */
export interface HttpService extends ElementValue {
  readonly handler: Handler;
  /** Null where the configuration asks for no health: parents can't be told then. */
  readonly health: Health | null;
  /** Stops checks and listening to children. */
  stop(): void;
}

/** A service that another one uses. */
export interface HttpServiceChild {
  /** As the configuration names it. */
  readonly name: string;
  readonly handler: Handler;
  readonly health: Health | null;
}

/** A serversTransport in force. */
export interface ServiceTransport {
  /** No other transport has it. */
  readonly id: number;
  readonly transport: Transport;
}

/** Variables of a module: texts that may refer to the environment and to files. */
export type ModuleVariables = Readonly<Record<string, string>>;

/** A fetch-handler module that a service names. */
export interface ServiceModule {
  /** Another one whenever the file has another content. */
  readonly version: string;
  /** Rejects where it can't be loaded. */
  readonly load: () => Promise<Handler>;
}

/** The instances of a function in processes of their own. */
export interface ServiceInstances {
  /** Where they listen. */
  readonly sockets: readonly string[];
  readonly transport: ServiceTransport;
}

/** What a module finds in its second argument. */
export interface ModuleBindings {
  readonly variables: ModuleVariables;
  /** `env.KV`. */
  readonly kv?: KvOptions | undefined;
}

/** Makes a service's handler of a module, afresh where the version is new. Rejects with what is wrong with it. */
export type LoadModule = (
  path: string,
  version: string,
  bindings: ModuleBindings,
) => Promise<Handler>;

/** What a service may use besides its options. */
export interface HttpServiceContext {
  /** Qualified: `name@provider`. */
  readonly name: string;
  readonly provider: string;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  /** Numbers for the whole process; by a name that begins with the service's. */
  readonly counters: SharedCounters;
  /** What active health checks find. */
  readonly verdicts: HealthVerdicts;
  /** The services that the kind's `services` names, in that order. */
  readonly services: readonly HttpServiceChild[];
  /**
   * The serversTransport of that name as written, the default one for ""; null where there are no
   * sockets. Rejects with what is wrong with it.
   */
  readonly transport: (reference: string) => Promise<ServiceTransport | null>;
  /** What sends requests to a server, over connections that live as long as the service. */
  readonly server: (server: ServerAddress) => Handler;
  /** The same for requests of Sluice's own: no log and no metric counts them. */
  readonly upstream: (server: ServerAddress) => Handler;
  /** A handler that answers requests instead of a server. */
  readonly answer: (handler: Handler) => Handler;
  /** A module with what its `fetch` gets, as configured. */
  readonly module: (path: string, bindings: ModuleBindings) => ServiceModule;
  /**
   * The instances of this service; `timeout` is how long they may take until a response begins, in milliseconds,
   * 0 for any time. Undefined where none are run. Rejects with why there are none.
   */
  readonly instances: (timeout: number) => Promise<ServiceInstances | undefined>;
}

/** The types of services. */
export type HttpServiceName = Exclude<keyof Service, "middlewares">;

export type HttpServiceOptions<K extends HttpServiceName> = NonNullable<Service[K]>;

/** One type of service. */
export type HttpServiceKind<
  K extends HttpServiceName,
  Inputs extends ElementInputs = ElementInputs,
> = ElementKind<HttpServiceOptions<K>, HttpServiceContext, HttpService, Inputs>;

export type HttpServiceTable = ElementTable<
  Omit<Service, "middlewares">,
  HttpServiceContext,
  HttpService
>;

/** Notes the service's name for logs. */
export function named(name: string, handler: Handler): Handler {
  return (request, exchange) => {
    exchange.service = name;
    return handler(request, exchange);
  };
}
