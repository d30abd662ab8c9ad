import type { Labels } from "../../config/sources/labels.ts";

/** What the router needs to know of a container, or of a task of a swarm. */
export interface DockerContainer {
  readonly id: string;
  /** Without the leading "/". */
  readonly name: string;
  /** What its service and router are called by default, before it is normalised. */
  readonly serviceName: string;
  readonly labels: Labels;
  readonly running: boolean;
  /** "" where the container has no health check. */
  readonly health: string;
  /** "host", "container:ID", or a network's name. */
  readonly networkMode: string;
  readonly networks: readonly DockerNetwork[];
  readonly ports: readonly DockerPort[];
  /** The address of the node that it runs on, for the host's network; undefined where it isn't said. */
  readonly nodeAddress?: string;
}

export interface DockerNetwork {
  readonly name: string;
  /** "" where the container has none there. */
  readonly ip: string;
}

/** A port that a container exposes. */
export interface DockerPort {
  readonly port: number;
  readonly bindings: readonly { readonly ip: string; readonly port: string }[];
}

/** The parts of the engine's answer to GET /containers/ID/json that are read. */
export interface ContainerInspection {
  readonly Id: string;
  readonly Name?: string;
  readonly State?: {
    readonly Status?: string;
    readonly Running?: boolean;
    readonly Health?: { readonly Status?: string } | null;
  };
  readonly Config?: { readonly Labels?: Labels | null };
  readonly HostConfig?: { readonly NetworkMode?: string };
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<
      Record<string, { readonly IPAddress?: string; readonly GlobalIPv6Address?: string } | null>
    > | null;
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
    > | null;
  };
}

/** Reads what the engine says of a container. Networks are in order of their names, ports in theirs. */
export function containerFrom(inspection: ContainerInspection): DockerContainer {
  const { Id, Name, State, Config, HostConfig, NetworkSettings } = inspection;
  const health = State?.Health?.Status ?? "";
  const name = (Name ?? Id).replace(/^\//, "");
  const labels = Config?.Labels ?? {};
  return {
    id: Id,
    name,
    serviceName: composeName(labels) ?? name,
    labels,
    running: State?.Running ?? State?.Status === "running",
    health: health === "none" ? "" : health,
    networkMode: HostConfig?.NetworkMode ?? "",
    networks: Object.entries(NetworkSettings?.Networks ?? {})
      .map(([name, network]) => ({
        name,
        ip: network?.IPAddress || network?.GlobalIPv6Address || "",
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ports: Object.entries(NetworkSettings?.Ports ?? {})
      .map(([port, bindings]) => ({
        port: Number.parseInt(port, 10),
        bindings: (bindings ?? []).map(({ HostIp, HostPort }) => ({
          ip: HostIp ?? "",
          port: HostPort ?? "",
        })),
      }))
      .sort((a, b) => a.port - b.port),
  };
}

/** A compose service's name with its project's; undefined for what compose didn't make. */
function composeName(labels: Labels): string | undefined {
  const service = labels["com.docker.compose.service"] ?? "";
  const project = labels["com.docker.compose.project"] ?? "";
  return service === "" || project === "" ? undefined : `${service}_${project}`;
}
