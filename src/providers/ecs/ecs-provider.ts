import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import type { Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import { booleanLabel } from "../labels/boolean-label.ts";
import { type CatalogItem, CatalogUnits } from "../labels/catalog-units.ts";
import type { Constraint } from "../labels/constraint.ts";
import type { Provider } from "../provider.ts";
import { watchLoop } from "../watch-loop.ts";
import type { EcsApi, EcsTask, TaskDefinition } from "./ecs-api.ts";
import { itemsOf } from "./ecs-items.ts";

export interface EcsOptions {
  readonly clusters: readonly string[];
  readonly autoDiscoverClusters: boolean;
  readonly healthyTasksOnly: boolean;
  readonly ecsAnywhere: boolean;
  readonly exposedByDefault: boolean;
  /** Between two looks. Milliseconds. */
  readonly refreshTime: number;
  readonly watch: boolean;
  readonly constraint: Constraint<CatalogItem["labels"]>;
  readonly defaultRule: (item: CatalogItem) => string;
}

/** Definitions that are remembered: one never changes, another revision has another ARN. */
const MAX_DEFINITIONS = 2000;

/**
 * Traefik's ECS provider: the containers of tasks in clusters of Amazon ECS, by the labels that their
 * definitions give them. It looks at them again and again.
 * Source: Traefik's pkg/provider/ecs; Amazon ECS API Reference.
 */
export class EcsProvider implements Provider {
  readonly name = "ecs";
  readonly remote = true;
  private readonly options: EcsOptions;
  private readonly connect: (signal: AbortSignal) => Promise<EcsApi>;
  private readonly logger: Logger;
  private readonly units: CatalogUnits;
  private readonly definitions = new Map<string, TaskDefinition>();
  /** What was said of containers, so that it is said once. */
  private said = new Map<string, string>();

  constructor(
    options: EcsOptions,
    connect: (signal: AbortSignal) => Promise<EcsApi>,
    logger: Logger,
  ) {
    this.options = options;
    this.connect = connect;
    this.logger = logger.with({ providerName: this.name });
    this.units = new CatalogUnits(options.defaultRule, this.logger);
  }

  start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchLoop({
      logger: this.logger,
      source: "Amazon ECS",
      session: async (signal, ready) => {
        const api = await this.connect(signal);
        for (;;) {
          const configuration = this.units.configuration(await this.items(api, signal));
          emit({ provider: this.name, configuration, disabled: [] });
          ready();
          if (!this.options.watch) return;
          await pause(this.options.refreshTime, signal);
        }
      },
    });
  }

  private async items(api: EcsApi, signal: AbortSignal): Promise<CatalogItem[]> {
    const { autoDiscoverClusters, clusters } = this.options;
    const said = new Map<string, string>();
    const items: CatalogItem[] = [];
    for (const cluster of autoDiscoverClusters ? await api.clusters(signal) : clusters)
      items.push(...(await this.itemsOfCluster(api, cluster, said, signal)));
    const wanted = items.filter((item) => this.isWanted(item, said));
    this.said = said;
    return wanted;
  }

  private async itemsOfCluster(
    api: EcsApi,
    cluster: string,
    said: Map<string, string>,
    signal: AbortSignal,
  ): Promise<CatalogItem[]> {
    const { ecsAnywhere, healthyTasksOnly } = this.options;
    const tasks = (await api.tasks(cluster, signal)).filter(
      ({ healthStatus }) => !healthyTasksOnly || healthStatus === "HEALTHY",
    );
    const arns = new Set(tasks.flatMap(({ containerInstanceArn }) => containerInstanceArn ?? []));
    const machines = await api.machines(cluster, [...arns], ecsAnywhere, signal);
    const items: CatalogItem[] = [];
    for (const task of tasks) {
      const definition = await this.definitionOf(api, task, signal);
      const machine = machines.get(task.containerInstanceArn ?? "");
      const leaveOut = (container: string, why: string) =>
        this.say("debug", `${task.taskArn} ${container}`, why, said);
      items.push(...itemsOf(task, definition, machine, leaveOut));
    }
    return items;
  }

  private async definitionOf(
    api: EcsApi,
    { taskDefinitionArn: arn }: EcsTask,
    signal: AbortSignal,
  ): Promise<TaskDefinition> {
    const known = this.definitions.get(arn);
    if (known !== undefined) return known;
    const definition = await api.taskDefinition(arn, signal);
    if (this.definitions.size >= MAX_DEFINITIONS) this.definitions.clear();
    this.definitions.set(arn, definition);
    return definition;
  }

  private isWanted({ id, labels }: CatalogItem, said: Map<string, string>): boolean {
    const { constraint, exposedByDefault } = this.options;
    try {
      const key = Object.keys(labels).find((name) => name.toLowerCase() === "traefik.enable");
      const value = key === undefined ? undefined : labels[key];
      return booleanLabel("traefik.enable", value, exposedByDefault) && constraint(labels);
    } catch (error) {
      this.say("error", id, messageOf(error), said);
      return false;
    }
  }

  private say(
    level: "debug" | "error",
    container: string,
    why: string,
    said: Map<string, string>,
  ): void {
    said.set(container, why);
    if (this.said.get(container) !== why)
      this.logger[level](`The container is left out: ${why}`, { container });
  }
}
