import type { TcpService as Configuration, TcpServersTransport } from "../../config/dynamic/tcp.ts";
import type { SharedCounters } from "../../core/counters/counters.ts";
import type {
  ElementInputs,
  ElementKind,
  ElementTable,
  ElementValue,
} from "../../core/element-kind.ts";
import type { Logger } from "../../core/logger.ts";
import type { Deadlines } from "../../core/timers.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { TcpHandler } from "../../net/tcp-handler.ts";
import type { ClientTlsContext } from "../../net/tls.ts";
import type { Health } from "../health/health.ts";
import type { HealthVerdicts } from "../health/health-verdicts.ts";

/** A TCP service that runs. */
export interface TcpService extends ElementValue {
  readonly handler: TcpHandler;
  /** Null where no check runs. */
  readonly health: Health | null;
}

/** A TCP service that another one uses. */
export interface TcpServiceChild {
  /** As the configuration names it. */
  readonly name: string;
  readonly handler: TcpHandler;
  readonly health: Health | null;
}

/** TLS towards servers; files that it names have been read. */
export interface TcpClientTls extends ElementInputs {
  readonly context: () => ClientTlsContext;
}

/** What a TCP service may use besides its options. */
export interface TcpServiceContext {
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
  readonly services: readonly TcpServiceChild[];
  readonly connect: Runtime["connect"];
  /** The static configuration's, for services that name no other. */
  readonly defaultTransport: TcpServersTransport;
  /** The serversTransport of that name as written. Throws where there is none. */
  readonly transport: (reference: string) => TcpServersTransport;
  /** Rejects where a file can't be read. */
  readonly clientTls: (transport: TcpServersTransport) => Promise<TcpClientTls>;
}

export type TcpServiceName = keyof Configuration;

/** One type of TCP service. */
export type TcpServiceKind<
  K extends TcpServiceName,
  Inputs extends ElementInputs = ElementInputs,
> = ElementKind<NonNullable<Configuration[K]>, TcpServiceContext, TcpService, Inputs>;

export type TcpServiceTable = ElementTable<Configuration, TcpServiceContext, TcpService>;
