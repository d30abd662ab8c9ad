import type {
  ElementKind,
  Middleware,
  ServersTransport,
  Service,
} from "../config/dynamic/schema.ts";
import type { TcpMiddleware, TcpServersTransport, TcpService } from "../config/dynamic/tcp.ts";
import type { TlsConfiguration } from "../config/dynamic/tls.ts";
import type { UdpService } from "../config/dynamic/udp.ts";

/** A router as it will run: references qualified, entrypoints resolved, priority a rank. */
export interface RoutedRouter {
  readonly rule: string;
  /** Undefined for the rule's length. */
  readonly priority: bigint | undefined;
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  readonly service: string;
  readonly accessLogs: boolean;
  /** Only for requests that came by TLS; undefined: only for those that came without. */
  readonly tls: RoutedTls | undefined;
  /** The provider's place in `providers.precedence`; lower goes first among equals. */
  readonly providerRank: number;
}

/** A router's TLS: the qualified name of its options, or "default". */
export interface RoutedTls {
  readonly options: string;
}

/** A TCP router as it will run. */
export interface RoutedTcpRouter {
  readonly rule: string;
  /** Undefined for the rule's own priority. */
  readonly priority: bigint | undefined;
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  readonly service: string;
  readonly tls: (RoutedTls & { readonly passthrough: boolean }) | undefined;
  readonly providerRank: number;
}

/** A UDP router as it will run. */
export interface RoutedUdpRouter {
  readonly entryPoints: readonly string[];
  readonly service: string;
}

/** The TCP part of a snapshot. */
export interface TcpSnapshot {
  readonly routers: ReadonlyMap<string, RoutedTcpRouter>;
  readonly services: ReadonlyMap<string, TcpService>;
  readonly middlewares: ReadonlyMap<string, TcpMiddleware>;
  readonly serversTransports: ReadonlyMap<string, TcpServersTransport>;
}

/** The UDP part of a snapshot. */
export interface UdpSnapshot {
  readonly routers: ReadonlyMap<string, RoutedUdpRouter>;
  readonly services: ReadonlyMap<string, UdpService>;
}

/** An element that doesn't run, and why. */
export interface DisabledElement {
  readonly kind: ElementKind;
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
  readonly tcp: TcpSnapshot;
  readonly udp: UdpSnapshot;
  /** Options and stores by qualified name; "default" is never qualified. */
  readonly tls: TlsConfiguration;
  /** Sets of TLS options that had errors, by qualified name with the reason: nobody is served with others instead. */
  readonly invalidTlsOptions: Readonly<Record<string, string>>;
  readonly disabled: readonly DisabledElement[];
  /** For modules of fetch handlers, by path: another text whenever the file has another content. */
  readonly moduleVersions: ReadonlyMap<string, string>;
}
