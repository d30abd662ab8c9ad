import type { ElementInputs } from "../../../core/element-kind.ts";
import { messageOf, ProxyError } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { Handler, Middleware } from "../../../http/handler.ts";
import { httpError } from "../../../http/http-error.ts";
import { COPIES_LAZY_REQUESTS } from "../../../http/lazy/copies-lazy-requests.ts";
import { HandlerRequest } from "../../../http/lazy/handler-request.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { prepareModuleGlobals } from "../../../services/http/handler/module-globals.ts";
import { sendableResponse } from "../../../services/http/handler/sendable-response.ts";
import type {
  HttpMiddlewareKind,
  HttpMiddlewareOptions,
  MiddlewareModule,
} from "../http-middleware.ts";
import type { Plugin, PluginNext, PluginRequestContext } from "./plugin-types.ts";

interface Inputs extends ElementInputs {
  readonly name: string;
  readonly path: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly module: MiddlewareModule;
}

/**
 * `plugin` with a `module` (Sluice's own): a middleware in JavaScript or TypeScript, loaded anew when its
 * file changes. What it throws is answered 500 and said in the log. Traefik's plugins, which are Go
 * programs, are refused by name.
 */
export const plugin: HttpMiddlewareKind<"plugin", Inputs> = {
  inputs(configuration, context) {
    const { name, path, options } = pluginOf(configuration);
    const module = context.module(path);
    return { fingerprint: module.version, name, path, options, module };
  },
  async create(_, { name, logger }, { path, options, module }) {
    prepareModuleGlobals();
    const made = pluginIn(await module.load(), path);
    const stopping = new AbortController();
    const log = logger.with({ plugin: path });
    const wrap = made(options, { name, log, signal: stopping.signal });
    if (typeof wrap !== "function")
      throw new Error(
        `plugin ${path}: expected (options) => (next) => handler, found ${kindOf(wrap)}`,
      );
    return {
      middleware: pluginMiddleware(wrap, path, log),
      stop: () => stopping.abort(new Error("the middleware has ended")),
    };
  },
};

/** The one plugin that is configured. Throws where it is none that runs here. */
export function pluginOf(configuration: HttpMiddlewareOptions<"plugin">) {
  const [[name, { module: path, ...options }], ...others] = Object.entries(configuration);
  if (others.length > 0)
    throw new Error(
      `plugin: expected one plugin, found ${Object.keys(configuration).sort().join(", ")}`,
    );
  if (typeof path !== "string" || path === "")
    throw new Error(
      `plugin "${name}": Traefik's plugins are Go programs, which Sluice can't run; write it as a JavaScript or TypeScript module and name that as "module"`,
    );
  return { name, path, options };
}

function pluginIn(module: Readonly<Record<string, unknown>>, path: string): Plugin {
  const { default: made } = module;
  if (typeof made !== "function")
    throw new Error(
      `plugin ${path}: expected a default export (options) => (next) => handler, found ${kindOf(made)}`,
    );
  return made as Plugin;
}

function pluginMiddleware(wrap: ReturnType<Plugin>, path: string, log: Logger): Middleware {
  return (next: Handler): Handler => {
    /** The requests as they came, by what the plugin has of them. */
    const received = new WeakMap<Request, LazyRequest>();
    const ask: PluginNext = async (request, context) => {
      if (!(request instanceof Request))
        throw new TypeError(`next(request): expected a Request, found ${kindOf(request)}`);
      const lazy = received.get(request) ?? RequestContext.requestOf(context);
      if (lazy === undefined)
        throw new TypeError("next(request, context): another request needs the handler's context");
      return next(received.has(request) ? lazy : changed(request, lazy), lazy.exchange);
    };
    const handler = wrap(ask);
    if (typeof handler !== "function")
      throw new Error(`plugin ${path}: expected a handler, found ${kindOf(handler)}`);
    const failed = (error: unknown, exchange: Exchange): Response => {
      // A client that left is no mistake of the plugin's.
      if (exchange.aborted !== null) throw exchange.aborted;
      // What the service behind it threw is its own failure, for recovery to judge.
      if (error instanceof ProxyError) throw error;
      log.error("A plugin failed", { error: messageOf(error), stack: stackOf(error) });
      return httpError(500);
    };
    const answered = (result: unknown, exchange: Exchange): Response | Promise<Response> => {
      if (!(result instanceof Response) || result.status === 0)
        throw new TypeError(`the handler gave ${kindOf(result)}, expected a Response`);
      return sendableResponse(result, (error) => {
        if (exchange.aborted === null)
          log.error("The body of a plugin's response broke off", { error: messageOf(error) });
      });
    };
    return async (request, exchange) => {
      exchange.retain();
      const lazy = LazyRequest.of(request, exchange);
      const seen = COPIES_LAZY_REQUESTS ? new HandlerRequest(lazy) : lazy.native();
      received.set(seen, lazy);
      try {
        return await answered(await handler(seen, new RequestContext(lazy)), exchange);
      } catch (error) {
        return failed(error, exchange);
      }
    };
  };
}

/** Another request in the place of the one that came: what no Request has stays as it was. */
function changed(request: Request, before: LazyRequest): LazyRequest {
  const lazy = LazyRequest.of(request, before.exchange);
  if (lazy === before) return lazy;
  const upgrade = request.headers.get("upgrade");
  lazy.upgrade = upgrade === null && before.headerList.has("upgrade") ? "" : before.upgrade;
  lazy.forwardPeer = before.forwardPeer;
  return lazy;
}

/** Without properties of its own: a plugin that logs it shows nothing of the request. */
class RequestContext implements PluginRequestContext {
  readonly #lazy: LazyRequest;

  constructor(lazy: LazyRequest) {
    this.#lazy = lazy;
  }

  /** The request that the context was made for; undefined for anything else. */
  static requestOf(context: unknown): LazyRequest | undefined {
    return typeof context === "object" && context !== null && #lazy in context
      ? context.#lazy
      : undefined;
  }

  get ip(): string {
    return this.#lazy.exchange.downstream.remote.ip;
  }
  get entryPoint(): string {
    return this.#lazy.exchange.downstream.entryPoint;
  }
  get router(): string {
    return this.#lazy.exchange.router;
  }
  get tls(): PluginRequestContext["tls"] {
    const { tls } = this.#lazy.exchange.downstream;
    return tls && { version: tls.version, serverName: tls.serverName };
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Response) return "Response.error()";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
