import type { TcpMiddleware as TcpMiddlewareConfiguration } from "../config/dynamic/tcp.ts";
import { messageOf } from "../core/errors.ts";
import { createTcpMiddleware } from "../middlewares/tcp/tcp-middleware-factory.ts";
import type { TcpMiddlewareLogger } from "../middlewares/tcp/tcp-middleware-logger.ts";
import type { TcpMiddleware } from "../net/tcp-handler.ts";
import type { Elements } from "../snapshot/snapshot.ts";

/** A TCP middleware that runs in one router's chain. */
export interface RunningTcpMiddleware {
  readonly middleware: TcpMiddleware;
  readonly fingerprint: string;
}

/**
 * Makes the TCP middlewares that routers name. Each router has one of its own of each, as in Traefik:
 * what one counts is of that router alone. It goes on counting over a reload that doesn't change it.
 */
export class TcpMiddlewareBuilder {
  /** What has been built, by the middleware's and the router's qualified names. */
  readonly built = new Map<string, RunningTcpMiddleware>();
  /** What is wrong, by the middleware's qualified name. */
  readonly failed = new Map<string, Error>();
  private readonly configurations: Elements<TcpMiddlewareConfiguration>;
  private readonly previous: ReadonlyMap<string, RunningTcpMiddleware>;
  private readonly logger: TcpMiddlewareLogger;

  constructor(
    configurations: Elements<TcpMiddlewareConfiguration>,
    previous: ReadonlyMap<string, RunningTcpMiddleware>,
    logger: TcpMiddlewareLogger,
  ) {
    this.configurations = configurations;
    this.previous = previous;
    this.logger = logger;
    // All of them, so that errors of those that no router names show too.
    for (const [name, configuration] of Object.entries(configurations)) {
      try {
        createTcpMiddleware(configuration, logger);
      } catch (error) {
        this.failed.set(name, new Error(messageOf(error)));
      }
    }
  }

  /** A router's own of the middleware of that qualified name. Throws where there is none that works. */
  get(name: string, router: string): TcpMiddleware {
    const configuration = this.configurations[name];
    if (configuration === undefined) throw new Error(`the TCP middleware "${name}" does not exist`);
    const failure = this.failed.get(name);
    if (failure !== undefined)
      throw new Error(`the TCP middleware "${name}" is disabled: ${failure.message}`);
    const key = `${name} ${router}`;
    const fingerprint = JSON.stringify(configuration);
    const before = this.previous.get(key);
    const running =
      before?.fingerprint === fingerprint
        ? before
        : { middleware: createTcpMiddleware(configuration, this.logger), fingerprint };
    this.built.set(key, running);
    return running.middleware;
  }
}
