import type { TcpServersTransport } from "../../config/dynamic/tcp.ts";
import type { ElementInputs } from "../../core/element-kind.ts";
import { parseHostPort } from "../../net/host-port.ts";
import { TcpHealthCheck } from "../health/tcp-health-check.ts";
import { tcpBalancer } from "./tcp-balancer.ts";
import { type TcpServer, tcpProxy } from "./tcp-proxy.ts";
import type { TcpClientTls, TcpServiceContext, TcpServiceKind } from "./tcp-service.ts";

interface Inputs extends ElementInputs {
  readonly transport: TcpServersTransport;
  /** Undefined where no server has TLS. */
  readonly tls: TcpClientTls | undefined;
}

/** `loadBalancer`: gives connections to servers in turn, and checks their health. */
export const loadBalancer: TcpServiceKind<"loadBalancer", Inputs> = {
  async inputs(options, context) {
    const transport = transportOf(options, context);
    const secured = options.servers?.some((server) => server.tls) ?? false;
    const tls = secured ? await context.clientTls(transport) : undefined;
    return { fingerprint: [transport, tls?.fingerprint], transport, tls };
  },
  create({ servers: options = [], healthCheck }, context, { transport, tls }) {
    const { name, connect, deadlines, logger } = context;
    const client = tls?.context();
    const servers = options.map((server): TcpServer => {
      const { hostname, port } = parseHostPort(server.address);
      return {
        hostname,
        port,
        dialTimeout: transport.dialTimeout,
        terminationDelay: transport.terminationDelay,
        proxyProtocol: transport.proxyProtocol?.version,
        tls:
          server.tls && client !== undefined
            ? { context: client, serverName: transport.tls?.serverName || hostname }
            : undefined,
      };
    });
    const proxies = servers.map((server) => ({
      handler: tcpProxy(server, { connect, deadlines, logger }),
    }));
    const balancer = tcpBalancer(name, proxies, healthCheck !== undefined, logger);
    const check =
      healthCheck === undefined
        ? undefined
        : new TcpHealthCheck(
            servers,
            {
              ...healthCheck,
              port: healthCheck.port,
              unhealthyInterval: healthCheck.unhealthyInterval ?? healthCheck.interval,
            },
            { service: name, connect, logger, report: balancer.setUp },
          );
    return {
      handler: balancer.handler,
      health: balancer.health,
      stop: () => check?.stop(),
    };
  },
};

/** A service's own terminationDelay and proxyProtocol are deprecated: without a serversTransport only. */
function transportOf(
  {
    serversTransport: reference = "",
    terminationDelay,
    proxyProtocol,
  }: Parameters<typeof loadBalancer.create>[0],
  { defaultTransport, transport }: TcpServiceContext,
): TcpServersTransport {
  if (reference !== "") return transport(reference);
  return {
    ...defaultTransport,
    terminationDelay: terminationDelay ?? defaultTransport.terminationDelay,
    proxyProtocol,
  };
}
