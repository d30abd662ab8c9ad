import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import type { Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import { booleanLabel } from "../labels/boolean-label.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { type ContainerOptions, ContainerUnits, ownLabel } from "./container-units.ts";
import type { DockerContainer } from "./docker-container.ts";
import type { DockerEngine } from "./docker-engine.ts";
import {
  type SwarmNetwork,
  type SwarmNode,
  type SwarmService,
  type SwarmTask,
  taskContainers,
  virtualContainer,
} from "./swarm-tasks.ts";
import { type WatchedEngineOptions, watchEngine } from "./watch-engine.ts";

export interface SwarmProviderOptions extends WatchedEngineOptions, ContainerOptions {
  readonly watch: boolean;
  /** Between two looks. Milliseconds. */
  readonly refreshTime: number;
}

/**
 * Traefik's Swarm provider: the services of a swarm, by their labels, as its manager knows them. Each
 * running task is a server; with `traefik.swarm.lbswarm` the service's virtual address is the only
 * one. A swarm has no events for tasks: it is looked at again and again.
 * Source: Traefik's pkg/provider/docker/pswarm.go.
 */
export class SwarmProvider implements Provider {
  readonly name = "swarm";
  readonly remote = true;
  private readonly options: SwarmProviderOptions;
  private readonly logger: Logger;
  private readonly runtime: ProviderContext["runtime"];
  private readonly units: ContainerUnits;
  /** What was said of services, so that it is said once. */
  private readonly said = new Map<string, string>();

  constructor(options: SwarmProviderOptions, runtime: ProviderContext["runtime"], logger: Logger) {
    this.options = options;
    this.logger = logger.with({ providerName: this.name });
    this.runtime = runtime;
    this.units = new ContainerUnits(options, this.logger);
  }

  start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchEngine(
      "the swarm's manager",
      this.options,
      this.runtime,
      this.logger,
      (...session) => this.session(emit, ...session),
    );
  }

  private async session(
    emit: (configuration: ProviderConfiguration) => void,
    engine: DockerEngine,
    signal: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    do {
      const containers = await this.look(engine, signal);
      const configuration = this.units.configuration(containers, "127.0.0.1");
      emit({ provider: this.name, configuration, disabled: [] });
      ready();
      if (this.options.watch) await pause(this.options.refreshTime, signal);
    } while (this.options.watch);
  }

  private async look(
    engine: DockerEngine,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, DockerContainer>> {
    const list = async <T>(path: string) => (await engine.get(path, signal)) as readonly T[];
    const running = encodeURIComponent(JSON.stringify({ "desired-state": ["running"] }));
    const [services, tasks, networks, nodes] = await Promise.all([
      list<SwarmService>("/services"),
      list<SwarmTask>(`/tasks?filters=${running}`),
      list<SwarmNetwork>("/networks"),
      list<SwarmNode>("/nodes"),
    ]);
    const networksById = new Map(networks.map((network) => [network.Id, network]));
    const nodesById = new Map(nodes.map((node) => [node.ID, node]));
    const containers = new Map<string, DockerContainer>();
    for (const service of services) {
      for (const container of this.containersOf(service, tasks, networksById, nodesById))
        containers.set(container.id, container);
    }
    return containers;
  }

  private containersOf(
    service: SwarmService,
    tasks: readonly SwarmTask[],
    networks: ReadonlyMap<string, SwarmNetwork>,
    nodes: ReadonlyMap<string, SwarmNode>,
  ): readonly DockerContainer[] {
    try {
      const labels = service.Spec.Labels ?? {};
      const balanced = booleanLabel(
        "traefik.swarm.lbswarm",
        ownLabel(labels, "swarm", "lbswarm"),
        false,
      );
      if (!balanced) return taskContainers(service, tasks, nodes);
      if (service.Spec.EndpointSpec?.Mode === "dnsrr") {
        this.say(service, "lbswarm needs a virtual address, and the endpoint mode dnsrr has none");
        return [];
      }
      return [virtualContainer(service, networks)];
    } catch (error) {
      this.say(service, messageOf(error));
      return [];
    }
  }

  private say(service: SwarmService, message: string): void {
    if (this.said.get(service.ID) === message) return;
    this.said.set(service.ID, message);
    this.logger.error(`The service is left out: ${message}`, { service: service.Spec.Name });
  }
}
