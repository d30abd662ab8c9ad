import type {
  ElementKind,
  Middleware,
  ServersTransport,
  Service,
} from "../config/dynamic/schema.ts";
import type { TcpMiddleware, TcpServersTransport, TcpService } from "../config/dynamic/tcp.ts";
import type { TlsConfiguration } from "../config/dynamic/tls.ts";
import type { UdpService } from "../config/dynamic/udp.ts";
import type { Observability } from "../http/observability.ts";
import type { PemTable } from "./pem-table.ts";

/** Elements by their qualified name (`name@provider`). */
export type Elements<T> = Readonly<Record<string, T>>;

/** A router as it will run: references qualified, entrypoints resolved, priority a rank. */
export interface RoutedRouter {
  readonly rule: string;
  /** A decimal number, as doubles don't hold the highest; undefined for the rule's length. */
  readonly priority: string | undefined;
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  /** "" for none. */
  readonly service: string;
  /** The routers below it, by qualified name; they are on no entrypoint. Undefined where it has a service. */
  readonly children?: readonly string[];
  readonly observability: Observability;
  /** Only for requests that came by TLS; undefined: only for those that came without. */
  readonly tls: RoutedTls | undefined;
  /** The provider's place in `providers.precedence`; lower goes first among equals. */
  readonly providerRank: number;
}

/** A router's TLS. */
export interface RoutedTls {
  /** The qualified name of its options, or "default". */
  readonly options: string;
  /** Who gets its certificates; undefined where they are configured. */
  readonly certResolver?: string;
  /** Names that it wants certificates for instead of those in its rule: a certificate for each. */
  readonly domains?: readonly TlsDomain[];
}

export interface TlsDomain {
  readonly main?: string | undefined;
  readonly sans?: readonly string[] | undefined;
}

/** A TCP router as it will run. */
export interface RoutedTcpRouter {
  readonly rule: string;
  /** A decimal number; undefined for the rule's own priority. */
  readonly priority: string | undefined;
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
  readonly routers: Elements<RoutedTcpRouter>;
  readonly services: Elements<TcpService>;
  readonly middlewares: Elements<TcpMiddleware>;
  readonly serversTransports: Elements<TcpServersTransport>;
}

/** The UDP part of a snapshot. */
export interface UdpSnapshot {
  readonly routers: Elements<RoutedUdpRouter>;
  readonly services: Elements<UdpService>;
}

/** An element with errors. */
export interface DisabledElement {
  readonly kind: ElementKind;
  readonly name: string;
  readonly errors: readonly string[];
  /** True where it goes on as it last worked, until it is right or removed; else it doesn't run. */
  readonly goesOn?: boolean;
  /** True for a router that serves all the same, on those of its entrypoints that exist. */
  readonly partly?: boolean;
}

/** Where the instances of a function in processes of their own listen, or why there are none. */
export type FunctionInstances =
  | { readonly sockets: readonly string[]; readonly error?: undefined }
  | { readonly error: string };

/**
 * Everything the data plane needs to know about the dynamic configuration, merged from all
 * providers. It is plain data that JSON carries to another thread and back without a difference.
 */
export interface Snapshot {
  readonly version: number;
  readonly routers: Elements<RoutedRouter>;
  readonly services: Elements<Service>;
  readonly middlewares: Elements<Middleware>;
  readonly serversTransports: Elements<ServersTransport>;
  readonly tcp: TcpSnapshot;
  readonly udp: UdpSnapshot;
  /** Options and stores by qualified name; "default" is never qualified. */
  readonly tls: TlsConfiguration;
  /** Sets of TLS options that had errors, by qualified name with the reason: no client is served with others instead. */
  readonly invalidTlsOptions: Readonly<Record<string, string>>;
  readonly disabled: readonly DisabledElement[];
  /** For modules of fetch handlers, by path: another text whenever the file has another content. */
  readonly moduleVersions: Elements<string>;
  /** Of functions in processes of their own, by the service's name; absent where none are run. */
  readonly instances?: Elements<FunctionInstances>;
  /** What the files had that the configuration names for certificates, keys and CAs. */
  readonly pems: PemTable;
  /**
   * What is shown where no certificate is configured: the same in all workers. Each makes its own
   * where it isn't given.
   */
  readonly generatedCertificate?: { readonly certificate: string; readonly privateKey: string };
}
