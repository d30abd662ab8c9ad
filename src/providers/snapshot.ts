import type { Middleware, ServersTransport, Service } from "../config/dynamic/schema.ts";

/** A router as it will run: references qualified, entrypoints resolved, priority a rank. */
export interface RoutedRouter {
  readonly rule: string;
  /** Undefined for the rule's length. */
  readonly priority: bigint | undefined;
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  readonly service: string;
  readonly accessLogs: boolean;
  /** The provider's place in `providers.precedence`; lower goes first among equals. */
  readonly providerRank: number;
}

/** An element that doesn't run, and why. */
export interface DisabledElement {
  readonly kind: "router" | "service" | "middleware" | "serversTransport";
  readonly name: string;
  readonly errors: readonly string[];
}

/**
 * Everything the data plane needs to know about the dynamic configuration: plain data, all names
 * qualified (`name@provider`), merged from all providers.
 */
export interface Snapshot {
  readonly version: number;
  readonly routers: ReadonlyMap<string, RoutedRouter>;
  readonly services: ReadonlyMap<string, Service>;
  readonly middlewares: ReadonlyMap<string, Middleware>;
  readonly serversTransports: ReadonlyMap<string, ServersTransport>;
  readonly disabled: readonly DisabledElement[];
  /** For modules of fetch handlers, by path: another text whenever the file has another content. */
  readonly moduleVersions: ReadonlyMap<string, string>;
}
