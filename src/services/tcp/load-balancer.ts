import type { TcpServersTransport } from "../../config/dynamic/tcp.ts";
import type { ElementInputs } from "../../core/element-kind.ts";
import { parseHostPort } from "../../net/host-port.ts";
import { parseUnixServer } from "../../net/unix-socket.ts";
import { tcpBalancer } from "./tcp-balancer.ts";
import { type TcpServer, tcpProxy } from "./tcp-proxy.ts";
import type { TcpClientTls, TcpServiceContext, TcpServiceKind } from "./tcp-service.ts";

interface Inputs extends ElementInputs {
  readonly transport: TcpServersTransport;
  /** Undefined where no server has TLS. */
  readonly tls: TcpClientTls | undefined;
}

/** `loadBalancer`: gives connections in turn to servers that are well. */
export const loadBalancer: TcpServiceKind<"loadBalancer", Inputs> = {
  async inputs(options, context) {
    const transport = tcpTransportOf(options, context);
    const secured = options.servers?.some((server) => server.tls) ?? false;
    const tls = secured ? await context.clientTls(transport) : undefined;
    return { fingerprint: [transport, tls?.fingerprint], transport, tls };
  },
  create({ servers: options = [], healthCheck }, context, { transport, tls }) {
    const { name, connect, deadlines, logger } = context;
    const servers = tcpServers(options, transport, tls);
    const proxies = servers.map((server) => ({
      handler: tcpProxy(server, { connect, deadlines, logger }),
    }));
    const balancer = tcpBalancer(name, proxies, healthCheck !== undefined, logger);
    const unwatch =
      healthCheck === undefined
        ? undefined
        : context.verdicts.watch(
            "tcp",
            name,
            options.map(({ address }) => address),
            balancer.setUp,
          );
    return {
      handler: balancer.handler,
      health: balancer.health,
      stop: () => unwatch?.(),
    };
  },
};

/** The servers of a load balancer, with what is needed to reach them. */
export function tcpServers(
  options: NonNullable<Parameters<typeof loadBalancer.create>[0]["servers"]>,
  transport: TcpServersTransport,
  tls: TcpClientTls | undefined,
): TcpServer[] {
  const client = tls?.context();
  return options.map((server): TcpServer => {
    const unix = parseUnixServer(server.address);
    const { hostname, port } =
      unix === undefined ? parseHostPort(server.address) : { hostname: unix.path, port: 0 };
    // A socket's path is no name that a certificate could have.
    const ownName = unix === undefined ? hostname : "localhost";
    return {
      hostname,
      port,
      dialTimeout: transport.dialTimeout,
      terminationDelay: transport.terminationDelay,
      proxyProtocol: transport.proxyProtocol?.version,
      tls:
        server.tls && client !== undefined
          ? { context: client, serverName: transport.tls?.serverName || ownName }
          : undefined,
    };
  });
}

/** A service's own terminationDelay and proxyProtocol are deprecated: without a serversTransport only. */
export function tcpTransportOf(
  {
    serversTransport: reference = "",
    terminationDelay,
    proxyProtocol,
  }: Parameters<typeof loadBalancer.create>[0],
  { defaultTransport, transport }: Pick<TcpServiceContext, "defaultTransport" | "transport">,
): TcpServersTransport {
  if (reference !== "") return transport(reference);
  return {
    ...defaultTransport,
    terminationDelay: terminationDelay ?? defaultTransport.terminationDelay,
    proxyProtocol,
  };
}
