import { messageOf } from "../../../core/errors.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { appendForwardedFor } from "../../../http/fields/forwarded-for.ts";
import type { Handler } from "../../../http/handler.ts";
import { COPIES_LAZY_REQUESTS } from "../../../http/lazy/copies-lazy-requests.ts";
import { HandlerRequest } from "../../../http/lazy/handler-request.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { ServiceLogger } from "../../service-logger.ts";
import type { Background } from "./background.ts";
import { HandlerEnvironment } from "./handler-environment.ts";
import { prepareModuleGlobals } from "./module-globals.ts";
import { sendableResponse } from "./sendable-response.ts";
import type { WebSocketHandlers } from "./web-socket/handler-socket.ts";
import { type ModuleSockets, Upgrades } from "./web-socket/upgrades.ts";

/** The third argument of a module's `fetch`, as Cloudflare Workers have it. */
export interface FetchContext {
  /** Work that goes on after the response; its failure is logged. */
  waitUntil(work: Promise<unknown>): void;
  /** Accepted and without effect: there is no origin behind a module. */
  passThroughOnException(): void;
  /** Sluice's own: addresses, entrypoint, TLS and the like of this request. */
  readonly exchange: Exchange;
}

type Fetch = (request: Request, env: unknown, context: FetchContext) => unknown;

/** The same where the context may lack `exchange`. */
export type ModuleFetch = (request: Request, env: unknown, context: unknown) => unknown;

export interface FetchHandlerOptions {
  /** What errors call the module: its path as configured. */
  readonly name: string;
  /** Variables for the second argument of `fetch`. */
  readonly env?: Readonly<Record<string, unknown>>;
  readonly logger?: Pick<ServiceLogger, "warn" | "error">;
  /** Hears of the work that goes on after a response. */
  readonly background?: Pick<Background, "add">;
}

/**
 * A user's module as a service: its default export has a `fetch(request, env, context)` method (a
 * Worker, a Hono or itty-router app) or is such a function, or the module exports `fetch` itself.
 * Throws an Error that names the module where it is none of these. What the module throws goes on to
 * recovery (500), and so does a result that is no Response.
 */
export function fetchHandlerService(module: unknown, options: FetchHandlerOptions): Handler {
  const { name, env = {}, logger, background } = options;
  const fetch: Fetch = fetchOf(module, name);
  prepareModuleGlobals();
  const sockets: ModuleSockets = {
    handlers: websocketOf(module),
    topics: new Map(),
    failed: (error) =>
      logger?.error("A WebSocket's listener failed", { module: name, error: messageOf(error) }),
  };
  const checked = (
    result: unknown,
    exchange: Exchange,
    upgrades: Upgrades,
  ): Response | Promise<Response> => {
    const switched = upgrades.answer(result);
    if (switched !== undefined) return switched;
    // Response.error() has the status 0, which no protocol has.
    if (result instanceof Response && result.status !== 0) {
      return sendableResponse(result, (error) => {
        // A stream that listens to the request's signal breaks off when the client goes away.
        if (exchange.aborted !== null) return;
        const request = `${exchange.method} ${exchange.host}${exchange.target}`;
        logger?.error("The body of a module's response broke off", {
          module: name,
          request,
          error: messageOf(error),
        });
      });
    }
    throw new TypeError(`module ${name}: fetch gave ${kindOf(result)}, expected a Response`);
  };
  return (request, exchange) => {
    exchange.retain();
    const lazy = LazyRequest.of(request, exchange);
    nameClient(lazy);
    const input = COPIES_LAZY_REQUESTS ? new HandlerRequest(lazy) : lazy.native();
    const upgrades = new Upgrades(lazy, sockets);
    const environment = new HandlerEnvironment(exchange, env, upgrades);
    const result = fetch(input, environment, new ModuleContext(exchange, name, logger, background));
    return isPromiseLike(result)
      ? Promise.resolve(result).then((later) => checked(later, exchange, upgrades))
      : checked(result, exchange, upgrades);
  };
}

/** Appends the client's address to X-Forwarded-For, once, as the proxy step does for servers. */
function nameClient(request: LazyRequest): void {
  if (!request.forwardPeer) return;
  request.forwardPeer = false;
  appendForwardedFor(request.headerList, request.exchange.downstream.remote.ip);
}

/** Without properties of its own: a module that logs it shows nothing of the request. */
class ModuleContext implements FetchContext {
  readonly #exchange: Exchange;
  readonly #name: string;
  readonly #logger: Pick<ServiceLogger, "warn" | "error"> | undefined;
  readonly #background: Pick<Background, "add"> | undefined;

  constructor(
    exchange: Exchange,
    name: string,
    logger: Pick<ServiceLogger, "warn" | "error"> | undefined,
    background: Pick<Background, "add"> | undefined,
  ) {
    this.#exchange = exchange;
    this.#name = name;
    this.#logger = logger;
    this.#background = background;
  }

  get exchange(): Exchange {
    return this.#exchange;
  }

  waitUntil(work: Promise<unknown>): void {
    const watched = Promise.resolve(work).catch((error: unknown) => {
      this.#logger?.warn("Work that a module left behind failed", {
        module: this.#name,
        error: messageOf(error),
      });
    });
    this.#background?.add(watched);
  }

  passThroughOnException(): void {}
}

/** The `fetch` of a module in any of the forms above. Throws an Error that names the module where it has none. */
export function fetchOf(module: unknown, name: string): ModuleFetch {
  const exported = propertyOf(module, "default");
  if (typeof exported === "function" && typeof propertyOf(exported, "fetch") !== "function") {
    return exported as ModuleFetch;
  }
  for (const owner of [exported, module]) {
    const fetch = propertyOf(owner, "fetch");
    if (typeof fetch === "function") return fetch.bind(owner) as ModuleFetch;
  }
  throw new Error(
    `module ${name}: expected a default export with a fetch method, a default function or an export named fetch; found ${describe(module, exported)}`,
  );
}

/** The `websocket` that the module's default export has beside `fetch`; null where it has none. */
function websocketOf(module: unknown): WebSocketHandlers | null {
  const handlers = propertyOf(propertyOf(module, "default"), "websocket");
  return isObject(handlers) ? (handlers as WebSocketHandlers) : null;
}

function describe(module: unknown, exported: unknown): string {
  if (exported !== undefined) return `a default export that is ${kindOf(exported)}`;
  const names = isObject(module) ? Object.keys(module) : [];
  return names.length === 0 ? "no exports" : `only the exports ${names.join(", ")}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (value instanceof Response) return "Response.error()";
  return `an object of class ${value.constructor?.name ?? "Object"}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function propertyOf(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof value["then"] === "function";
}
