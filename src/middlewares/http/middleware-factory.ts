import type { Middleware } from "../../http/handler.ts";

/** What a factory may know about the middleware besides its options. */
export interface MiddlewareContext {
  /** Qualified: `name@provider`. */
  readonly name: string;
}

/**
 * Makes a middleware from its part of the dynamic configuration, when the graph is compiled. Throws
 * an Error that says what is wrong with the options.
 */
export type MiddlewareFactory<Options> = (
  options: Options,
  context: MiddlewareContext,
) => Middleware;
