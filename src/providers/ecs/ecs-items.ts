import type { CatalogItem } from "../labels/catalog-units.ts";
import { normalize } from "../labels/normalize.ts";
import type { EcsContainer, EcsMachine, EcsTask, PortMapping, TaskDefinition } from "./ecs-api.ts";

/** What can't be served of a task's containers, and why. */
export type LeaveOut = (container: string, why: string) => void;

/**
 * The containers of a task as instances of a catalog. In a network of its own (awsvpc) a task has its
 * address itself; else it is its machine's, with the ports that are bound there.
 * Source: Traefik's pkg/provider/ecs (listInstances, getPort).
 */
export function itemsOf(
  task: EcsTask,
  definition: TaskDefinition,
  machine: EcsMachine | undefined,
  leaveOut: LeaveOut,
): CatalogItem[] {
  const own = definition.networkMode === "awsvpc" && (task.attachments?.length ?? 0) > 0;
  const items: CatalogItem[] = [];
  for (const container of task.containers ?? []) {
    const name = container.name ?? "";
    const defined = definition.containerDefinitions?.find((known) => known.name === name);
    if (defined === undefined) {
      leaveOut(name, "its task's definition has no such container");
      continue;
    }
    const running = own ? task.lastStatus === "RUNNING" : machine?.running;
    const why =
      !own && machine === undefined
        ? "its machine is not to be seen"
        : running !== true
          ? "it doesn't run"
          : task.healthStatus === "UNHEALTHY"
            ? "it is not healthy"
            : undefined;
    const host = own ? interfaceOf(container) : (machine?.address ?? "");
    if (why !== undefined || host === "") {
      leaveOut(name, why ?? "it has no private address");
      continue;
    }
    const ports = (own ? defined.portMappings : container.networkBindings) ?? [];
    items.push({
      id: `${task.taskArn.slice(-12)}/${name}`,
      name: normalize(`${(task.group ?? "").replace(":", "-")}-${name}`),
      labels: defined.dockerLabels ?? {},
      host,
      port: lowest(ports),
      mappings: Object.fromEntries(
        ports.map(({ containerPort, hostPort }) => [String(containerPort), String(hostPort)]),
      ),
    });
  }
  return items;
}

function interfaceOf({ networkInterfaces }: EcsContainer): string {
  const [first] = networkInterfaces ?? [];
  return first?.privateIpv4Address || first?.ipv6Address || "";
}

/** The lowest port at which the container is reached from outside; "" where there is none. */
function lowest(ports: readonly PortMapping[]): string {
  const outside = ports
    .map(({ hostPort = 0 }) => hostPort)
    .filter((port) => port > 0 && port < 0x10000);
  return outside.length === 0 ? "" : String(Math.min(...outside));
}
