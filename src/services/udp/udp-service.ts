import type { UdpService as Configuration } from "../../config/dynamic/udp.ts";
import type { ElementKind, ElementTable, ElementValue } from "../../core/element-kind.ts";
import type { Logger } from "../../core/logger.ts";
import type { UdpHandler } from "../../net/udp/udp-session.ts";
import type { UdpServer } from "./udp-proxy.ts";

/** A UDP service that runs. */
export interface UdpService extends ElementValue {
  readonly handler: UdpHandler;
}

/** What a UDP service may use besides its options. */
export interface UdpServiceContext {
  /** Qualified: `name@provider`. */
  readonly name: string;
  readonly logger: Logger;
  /** The services that the kind's `services` names, in that order. */
  readonly services: readonly UdpHandler[];
  readonly proxyTo: (server: UdpServer) => UdpHandler;
}

/** One type of UDP service. */
export type UdpServiceKind<K extends keyof Configuration> = ElementKind<
  NonNullable<Configuration[K]>,
  UdpServiceContext,
  UdpService
>;

export type UdpServiceTable = ElementTable<Configuration, UdpServiceContext, UdpService>;
