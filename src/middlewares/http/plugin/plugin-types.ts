/** What a plugin may know of its place. */
export interface PluginContext {
  /** The middleware's name: `name@provider`. */
  readonly name: string;
  readonly log: {
    info(message: string, fields?: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
    error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  };
  /** Aborted when the configuration has the middleware no more, or another version of the module. */
  readonly signal: AbortSignal;
}

/** What a plugin may know of a request beside the Request. */
export interface PluginRequestContext {
  /** The peer's address. */
  readonly ip: string;
  readonly entryPoint: string;
  readonly router: string;
  /** Null without TLS. */
  readonly tls: { readonly version: string; readonly serverName: string } | null;
}

/**
 * Asks what stands behind the plugin, with the request as it came or with another one; for another one the
 * context says whose it is.
 */
export type PluginNext = (request: Request, context?: PluginRequestContext) => Promise<Response>;

export type PluginHandler = (
  request: Request,
  context: PluginRequestContext,
) => Response | Promise<Response>;

/** The default export of a plugin's module. The options are what the configuration has beside `module`. */
export type Plugin<Options = Readonly<Record<string, unknown>>> = (
  options: Options,
  context: PluginContext,
) => (next: PluginNext) => PluginHandler;
