import type { Middleware as MiddlewareConfiguration } from "../../config/dynamic/schema.ts";
import type { Codecs } from "../../core/codecs.ts";
import type { SharedCounters } from "../../core/counters/counters.ts";
import type {
  ElementInputs,
  ElementKind,
  ElementTable,
  ElementValue,
} from "../../core/element-kind.ts";
import type { Logger } from "../../core/logger.ts";
import type { Deadlines } from "../../core/timers.ts";
import type { Handler, Middleware } from "../../http/handler.ts";
import type { RedisConnection, RedisOptions } from "../../net/clients/redis.ts";
import type { ServedFiles } from "../../net/host/served-files.ts";
import type { Files, Runtime } from "../../net/runtime.ts";

/** A middleware that runs. */
export interface HttpMiddleware extends ElementValue {
  /** Folded once for each router. What several routers or a reload share is made before, in `create`. */
  readonly middleware: Middleware;
  /** Forgets what a cache has stored. Resolves with how many responses these were. */
  readonly purge?: (what: Purge) => Promise<number>;
}

/** What a cache is to forget: all, one URL, or all that begin with one. */
export interface Purge {
  /** Absolute, as `http://host/path?query`. */
  readonly url?: string;
  readonly prefix?: string;
  /** What all workers share too, as files. */
  readonly shared: boolean;
}

/** What a middleware may use besides its options. */
export interface HttpMiddlewareContext {
  /** Qualified: `name@provider`. */
  readonly name: string;
  readonly provider: string;
  /** The router whose own it is, of those that are made for each router; else "". */
  readonly router: string;
  /** Names the middleware with every message. */
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  /** Rejects everything where the platform has no files. */
  readonly files: Pick<Files, "read" | "info" | "temporary" | "list" | "put" | "remove">;
  /** Not given where the platform has no files. */
  readonly servedFiles?: ServedFiles;
  /** Runs a task of the program's in another thread; not given where there is none. */
  readonly inWorker?: Runtime["inWorker"];
  /** Rejects where the platform has none. */
  readonly codecs: () => Promise<Codecs>;
  /**
   * What connects to a Redis server, with the texts of its TLS read. Rejects with what is wrong with those.
   * Not given where there is no Redis client.
   */
  readonly redis?: (options: Omit<RedisOptions, "tls">, tls?: ClientTls) => Promise<RedisServer>;
  readonly module: (path: string) => MiddlewareModule;
  /** Numbers for the whole process; by a name that begins with the middleware's. */
  readonly counters: SharedCounters;
  /** The services that the kind's `services` names, in that order. */
  readonly services: readonly Handler[];
  /**
   * What sends requests to a server's URL (`http`, `https` or `h2c`) over the default transport; the
   * target of each request is its own, behind that URL's path. With `tls` over connections of its own,
   * which trust and show what that says. Rejects where there is no such server.
   */
  readonly client: (url: string, tls?: ClientTls) => Promise<MiddlewareClient>;
}

/** A server that a middleware asks. Requests to it need an exchange of their own (`sideExchange`). */
export interface MiddlewareClient {
  readonly handler: Handler;
  /** Another one where its TLS goes by other files than before: part of the middleware's fingerprint. */
  readonly transport: number;
}

/** A module that a middleware names. */
export interface MiddlewareModule {
  /** Another one whenever the file has another content. */
  readonly version: string;
  /** Its exports. Rejects where it can't be loaded. */
  readonly load: () => Promise<Readonly<Record<string, unknown>>>;
}

/** A Redis server that a middleware may connect to. */
export interface RedisServer {
  readonly connect: () => Promise<RedisConnection>;
  /** Other data where its TLS goes by other files than before: part of the middleware's fingerprint. */
  readonly tls: unknown;
}

/** `tls` of what a middleware connects to: paths, or PEM texts themselves. */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipVerify?: boolean;
}

/** The kinds of middlewares; `chain` is made of others, by the graph. */
export type HttpMiddlewareName = Exclude<keyof MiddlewareConfiguration, "chain">;

export type HttpMiddlewareOptions<K extends HttpMiddlewareName> = NonNullable<
  MiddlewareConfiguration[K]
>;

/** One kind of middleware. */
export type HttpMiddlewareKind<
  K extends HttpMiddlewareName,
  Inputs extends ElementInputs = ElementInputs,
> = ElementKind<HttpMiddlewareOptions<K>, HttpMiddlewareContext, HttpMiddleware, Inputs>;

export type HttpMiddlewareTable = ElementTable<
  Omit<MiddlewareConfiguration, "chain">,
  HttpMiddlewareContext,
  HttpMiddleware
>;
