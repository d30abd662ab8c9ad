import type { DynamicConfiguration } from "../../config/dynamic/schema.ts";
import type { Labels } from "../../config/sources/labels.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { booleanLabel } from "../labels/boolean-label.ts";
import type { Constraint } from "../labels/constraint.ts";
import type { RuleModel } from "../labels/default-rule.ts";
import { KeptUnits } from "../labels/kept-units.ts";
import { unitConfiguration } from "../labels/label-unit.ts";
import type { UnitPart } from "../labels/merge-units.ts";
import { normalize } from "../labels/normalize.ts";
import { containerPlace } from "./container-place.ts";
import type { DockerContainer } from "./docker-container.ts";

/** How Docker names the network of a container that shares another one's. */
const SHARED = "container:";

export interface ContainerOptions {
  /** The provider's name, with which labels of its own begin: "docker" or "swarm". */
  readonly provider: "docker" | "swarm";
  readonly exposedByDefault: boolean;
  readonly allowEmptyServices: boolean;
  readonly useBindPortIP: boolean;
  /** "" for any. */
  readonly network: string;
  readonly constraint: Constraint<Labels>;
  readonly defaultRule: (model: RuleModel) => string;
}

/** What the configuration of a container is made of. */
interface Unit {
  readonly container: DockerContainer;
  readonly hostAddress: string;
  /** The container whose network it shares, and whose that shares, by what they are called. */
  readonly shared: Readonly<Record<string, DockerContainer>>;
}

/**
 * Turns containers into one configuration. What is wrong with one is logged when it appears, and it is
 * left out alone.
 */
export class ContainerUnits {
  private readonly options: ContainerOptions;
  private readonly logger: Logger;
  private readonly units: KeptUnits<Unit>;

  constructor(options: ContainerOptions, logger: Logger) {
    this.options = options;
    this.logger = logger;
    this.units = new KeptUnits((unit) => this.build(unit), logger);
  }

  /** The configuration of these containers; those that are as before aren't looked at again. */
  configuration(
    containers: ReadonlyMap<string, DockerContainer>,
    hostAddress: string,
  ): DynamicConfiguration {
    return this.units.configuration(
      Array.from(containers, ([id, container]) => [
        id,
        { container, hostAddress, shared: sharedBy(container, containers) },
      ]),
    );
  }

  private build({ container, hostAddress, shared }: Unit): UnitPart | undefined {
    const { allowEmptyServices, constraint, exposedByDefault } = this.options;
    const logger = this.logger.with({
      container: `${container.name}-${container.id.slice(0, 12)}`,
    });
    const { labels } = container;
    try {
      if (!flagOf(labels, "traefik.enable", exposedByDefault)) return undefined;
      if (!constraint(labels)) {
        logger.debug("Left out by the provider's constraints");
        return undefined;
      }
      const stopped = !container.running;
      if (stopped && !flagOf(labels, "traefik.docker.allownonrunning", false)) return undefined;
      const unhealthy = container.health !== "" && container.health !== "healthy";
      if (unhealthy && !allowEmptyServices) {
        logger.debug("Left out: it is not healthy", { health: container.health });
        return undefined;
      }
      const name = normalize(container.serviceName);
      const { configuration, problems } = unitConfiguration({
        name,
        labels,
        places: (port) =>
          stopped || unhealthy
            ? []
            : [
                containerPlace(container, port, {
                  network: this.networkOf(labels),
                  useBindPortIP: this.options.useBindPortIP,
                  hostAddress,
                  container: (id) => shared[id],
                  warn: (message) => logger.warn(`The container's address: ${message}`),
                }),
              ],
        defaultRule: () =>
          this.options.defaultRule({ Name: name, ContainerName: container.name, Labels: labels }),
      });
      for (const problem of problems) logger.warn(`The container's labels: ${problem}`);
      return { name: `${name}-${container.id}`, configuration };
    } catch (error) {
      logger.error("The container is left out", { error: messageOf(error) });
      return undefined;
    }
  }

  /** The network whose address counts; labels go before the provider's. */
  private networkOf(labels: DockerContainer["labels"]): string {
    const { provider, network } = this.options;
    return ownLabel(labels, provider, "network") ?? network;
  }
}

/**
 * The value of `traefik.docker.NAME`, or in a swarm of `traefik.swarm.NAME`, where the former still
 * counts. Throws an Error where a service of a swarm has both.
 */
export function ownLabel(
  labels: DockerContainer["labels"],
  provider: ContainerOptions["provider"],
  name: string,
): string | undefined {
  const docker = labelOf(labels, `traefik.docker.${name}`);
  if (provider === "docker") return docker;
  const swarm = labelOf(labels, `traefik.swarm.${name}`);
  if (docker !== undefined && swarm !== undefined)
    throw new Error(`traefik.swarm.${name} and traefik.docker.${name} exclude each other`);
  return swarm ?? docker;
}

/** The containers whose networks lead on to each other from this one. */
function sharedBy(
  container: DockerContainer,
  containers: ReadonlyMap<string, DockerContainer>,
): Record<string, DockerContainer> {
  const shared: Record<string, DockerContainer> = {};
  let next: DockerContainer | undefined = container;
  while (next?.networkMode.startsWith(SHARED)) {
    const id = next.networkMode.slice(SHARED.length);
    if (Object.hasOwn(shared, id)) break;
    next = find(containers, id);
    if (next !== undefined) shared[id] = next;
  }
  return shared;
}

function find(
  containers: ReadonlyMap<string, DockerContainer>,
  id: string,
): DockerContainer | undefined {
  return (
    containers.get(id) ??
    [...containers.values()].find(({ name, id: whole }) => name === id || whole.startsWith(id))
  );
}

function labelOf(labels: DockerContainer["labels"], name: string): string | undefined {
  if (Object.hasOwn(labels, name)) return labels[name];
  const key = Object.keys(labels).find((label) => label.toLowerCase() === name);
  return key === undefined ? undefined : labels[key];
}

function flagOf(labels: DockerContainer["labels"], name: string, otherwise: boolean): boolean {
  return booleanLabel(name, labelOf(labels, name), otherwise);
}
