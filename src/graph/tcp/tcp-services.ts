import type { TcpServersTransport } from "../../config/dynamic/tcp.ts";
import { messageOf } from "../../core/errors.ts";
import type { Runtime } from "../../net/runtime.ts";
import { TCP_SERVICES } from "../../services/tcp/table.ts";
import type {
  TcpClientTls,
  TcpService,
  TcpServiceContext,
} from "../../services/tcp/tcp-service.ts";
import { providerOf, resolveReference } from "../../snapshot/names.ts";
import type { DisabledElement, TcpSnapshot } from "../../snapshot/snapshot.ts";
import type { ReadPem } from "../../tls/pem-reader.ts";
import { ElementBuilder, type Running } from "../element-builder.ts";
import type { ElementPorts } from "../element-ports.ts";
import { missing } from "../missing.ts";
import { planElement } from "../plan-element.ts";
import { readAuthorities, readKeyPair } from "../tls-files.ts";

export interface TcpContext extends ElementPorts {
  readonly runtime: Pick<Runtime, "connect" | "clientTls">;
  /** Reads what the configuration names for certificates, keys and CAs. */
  readonly readPem: ReadPem;
  /** The static configuration's, for services that name no other. */
  readonly defaultTransport: TcpServersTransport;
}

const DEFAULT_TRANSPORT = "default@internal";

/** Builds the TCP services of a snapshot. */
export function tcpServices(
  snapshot: TcpSnapshot,
  disabled: readonly DisabledElement[],
  previous: ReadonlyMap<string, Running<TcpService>>,
  context: TcpContext,
): ElementBuilder<TcpService> {
  const services: ElementBuilder<TcpService> = new ElementBuilder<TcpService>({
    kind: "TCP service",
    previous,
    plan: async (name, path) => {
      const configuration = snapshot.services[name];
      if (configuration === undefined) throw missing(disabled, "tcpService", "TCP service", name);
      return planElement({
        table: TCP_SERVICES,
        configuration,
        label: `TCP service "${name}"`,
        noun: "type",
        service: (reference) => services.get(resolveReference(reference, providerOf(name)), path),
        context: (children, names) =>
          contextOf(name, snapshot, disabled, context, children as Running<TcpService>[], names),
      });
    },
  });
  return services;
}

function contextOf(
  name: string,
  snapshot: TcpSnapshot,
  disabled: readonly DisabledElement[],
  { runtime, readPem, logger, deadlines, counters, verdicts, defaultTransport }: TcpContext,
  children: readonly Running<TcpService>[],
  names: readonly string[],
): TcpServiceContext {
  const provider = providerOf(name);
  return {
    name,
    provider,
    logger,
    deadlines,
    counters,
    verdicts,
    services: children.map(({ value }, i) => ({
      name: names[i],
      handler: value.handler,
      health: value.health,
    })),
    connect: runtime.connect.bind(runtime),
    defaultTransport,
    transport: (reference) => {
      const qualified = resolveReference(reference, provider);
      if (qualified === DEFAULT_TRANSPORT) return defaultTransport;
      const transport = snapshot.serversTransports[qualified];
      if (transport !== undefined) return transport;
      const kind = "TCP serversTransport";
      throw new Error(missing(disabled, "tcpServersTransport", kind, qualified).message);
    },
    clientTls: (transport) => clientTls(runtime, readPem, transport),
  };
}

/** Files are read now; the context is made only where it is needed. */
export async function clientTls(
  runtime: Pick<Runtime, "clientTls">,
  readPem: ReadPem,
  { tls = { insecureSkipVerify: false } }: TcpServersTransport,
): Promise<TcpClientTls> {
  const { peerCertURI = "" } = tls;
  try {
    const options = {
      rootCAs: await readAuthorities(readPem, tls.rootCAs),
      keyPair: await readKeyPair(readPem, tls.certificates),
      // The URI is only worth something in a certificate that a trusted authority has signed.
      verify: !tls.insecureSkipVerify || peerCertURI !== "",
      peerUri: peerCertURI === "" ? undefined : peerCertURI,
      alpn: [],
    };
    return { fingerprint: options, context: () => runtime.clientTls(options) };
  } catch (error) {
    throw new Error(`serversTransport: ${messageOf(error)}`);
  }
}
