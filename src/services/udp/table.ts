import { parseHostPort } from "../../net/host-port.ts";
import { udpBalancer } from "./udp-balancer.ts";
import type { UdpServiceKind, UdpServiceTable } from "./udp-service.ts";

/** `loadBalancer`: gives sessions to servers in turn. */
const loadBalancer: UdpServiceKind<"loadBalancer"> = {
  create({ servers = [] }, { name, logger, proxyTo }) {
    const members = servers.map(({ address }) => {
      const { hostname, port } = parseHostPort(address);
      return { handler: proxyTo({ hostname, port }) };
    });
    return { handler: udpBalancer(name, members, logger) };
  },
};

/** `weighted`: gives sessions to services in turn, by weight. */
const weighted: UdpServiceKind<"weighted"> = {
  services: ({ services = [] }) => services.map(({ name = "" }) => name),
  create({ services: options = [] }, { name, logger, services }) {
    const members = services.map((handler, i) => ({ handler, weight: options[i].weight }));
    return { handler: udpBalancer(name, members, logger) };
  },
};

/** The types of UDP services that Sluice has, by their keys in the dynamic configuration. */
export const UDP_SERVICES: UdpServiceTable = { loadBalancer, weighted };
