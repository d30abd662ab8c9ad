import type { Labels } from "../../config/sources/labels.ts";
import type { DockerContainer } from "./docker-container.ts";

/** The parts of the engine's answers about a swarm that are read. */
export interface SwarmService {
  readonly ID: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Labels | null;
    readonly EndpointSpec?: { readonly Mode?: string };
  };
  readonly Endpoint?: {
    readonly VirtualIPs?: readonly { readonly NetworkID: string; readonly Addr?: string }[] | null;
  };
}

export interface SwarmTask {
  readonly ID: string;
  readonly ServiceID: string;
  readonly NodeID?: string;
  readonly Slot?: number;
  readonly Status?: { readonly State?: string };
  readonly NetworksAttachments?:
    | readonly {
        readonly Network: { readonly ID: string; readonly Spec?: { readonly Name?: string } };
        readonly Addresses?: readonly string[] | null;
      }[]
    | null;
}

export interface SwarmNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Ingress?: boolean;
}

export interface SwarmNode {
  readonly ID: string;
  readonly Status?: { readonly Addr?: string };
}

/** The tasks of a service that run, each like a container. A swarm says nothing of ports. */
export function taskContainers(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  nodes: ReadonlyMap<string, SwarmNode>,
): DockerContainer[] {
  return tasks
    .filter((task) => task.ServiceID === service.ID && task.Status?.State === "running")
    .map((task) => {
      const attachments = task.NetworksAttachments ?? [];
      const onHost = attachments.some(({ Network }) => Network.Spec?.Name === "host");
      return {
        id: task.ID,
        name: `${service.Spec.Name}.${task.Slot ?? task.NodeID ?? task.ID}`,
        serviceName: service.Spec.Name,
        labels: service.Spec.Labels ?? {},
        running: true,
        health: "",
        networkMode: onHost ? "host" : "",
        networks: attachments.map(({ Network, Addresses }) => ({
          name: Network.Spec?.Name ?? Network.ID,
          ip: withoutLength(Addresses?.[0]),
        })),
        ports: [],
        nodeAddress: nodes.get(task.NodeID ?? "")?.Status?.Addr,
      };
    });
}

/** A service as one server: its virtual addresses, behind which the swarm balances. */
export function virtualContainer(
  service: SwarmService,
  networks: ReadonlyMap<string, SwarmNetwork>,
): DockerContainer {
  return {
    id: service.ID,
    name: service.Spec.Name,
    serviceName: service.Spec.Name,
    labels: service.Spec.Labels ?? {},
    running: true,
    health: "",
    networkMode: "",
    networks: (service.Endpoint?.VirtualIPs ?? []).flatMap(({ NetworkID, Addr }) => {
      const network = networks.get(NetworkID);
      // The ingress network leads from outside to the published ports only.
      if (network === undefined || network.Ingress === true) return [];
      return [{ name: network.Name, ip: withoutLength(Addr) }];
    }),
    ports: [],
  };
}

/** "10.0.0.3/24" is 10.0.0.3. */
function withoutLength(address = ""): string {
  return address.split("/")[0];
}
