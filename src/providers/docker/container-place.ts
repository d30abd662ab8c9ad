import type { ServerPlace } from "../labels/label-unit.ts";
import type { DockerContainer } from "./docker-container.ts";

export interface PlaceOptions {
  /** The network whose address counts; "" for any. */
  readonly network: string;
  /** Where a port is bound to an address of the host, that address and port are the server. */
  readonly useBindPortIP: boolean;
  /** The host's address, as containers reach it. */
  readonly hostAddress: string;
  /** The container with this id or name, for those that share its network. */
  container(id: string): DockerContainer | undefined;
  warn(message: string): void;
}

/** How many containers may stand between a container and the one whose network it shares. */
const MAX_SHARED = 8;

/**
 * Where a container's server listens, at `port` or else at the lowest port that it exposes. Throws an
 * Error where the container exposes none, or has no address.
 * Source: Traefik's pkg/provider/docker/config.go (getIPPort).
 */
export function containerPlace(
  container: DockerContainer,
  port: string | undefined,
  options: PlaceOptions,
): ServerPlace {
  const chosen = port ?? container.ports[0]?.port.toString();
  if (options.useBindPortIP) {
    const bound = boundPlace(container, chosen, options);
    if (bound !== undefined) return bound;
  }
  if (chosen === undefined)
    throw new Error("port is missing: the container exposes none, and no label names one");
  const host = addressOf(container, options, 0);
  if (host === "")
    throw new Error(
      "unable to find the IP address for the container: it is in no network that gave it one",
    );
  return { host, port: chosen };
}

function boundPlace(
  { ports }: DockerContainer,
  port: string | undefined,
  { warn }: PlaceOptions,
): ServerPlace | undefined {
  const binding = ports.find((exposed) => String(exposed.port) === port)?.bindings[0];
  if (binding === undefined) {
    warn("its port is not bound to one of the host, its internal address is used");
    return undefined;
  }
  if (binding.ip === "" || binding.ip === "0.0.0.0" || binding.ip === "::") {
    warn("its port is bound to every address of the host, its internal address is used");
    return undefined;
  }
  return { host: binding.ip, port: binding.port };
}

function addressOf(container: DockerContainer, options: PlaceOptions, depth: number): string {
  const { networks, networkMode } = container;
  if (options.network !== "") {
    const network = networks.find(({ name }) => name === options.network);
    if (network !== undefined) return network.ip;
    options.warn(
      `it is not in the network "${options.network}" (it is in ${networks.map(({ name }) => name).join(", ") || "none"}); names of networks made by compose begin with the project's`,
    );
  }
  if (networkMode === "host") return container.nodeAddress ?? options.hostAddress;
  if (networkMode.startsWith("container:")) {
    const shared = options.container(networkMode.slice("container:".length));
    if (shared === undefined || depth === MAX_SHARED)
      throw new Error(`the container whose network it shares (${networkMode}) is not there`);
    return addressOf(shared, options, depth + 1);
  }
  return networks.find(({ ip }) => ip !== "")?.ip ?? "";
}
