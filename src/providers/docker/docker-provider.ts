import type { Logger } from "../../core/logger.ts";
import type { Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { SettledChanges } from "../settled-changes.ts";
import { type ContainerOptions, ContainerUnits } from "./container-units.ts";
import { containerFrom, type DockerContainer } from "./docker-container.ts";
import type { DockerEngine } from "./docker-engine.ts";
import { type WatchedEngineOptions, watchEngine } from "./watch-engine.ts";

export interface DockerProviderOptions extends WatchedEngineOptions, ContainerOptions {
  readonly watch: boolean;
}

/** Events come in handfuls: one restart has five. Milliseconds. */
const SETTLE_TIME = 50;
/** Containers that are asked for at once. */
const CONCURRENCY = 16;

/**
 * Traefik's Docker provider: the containers of an engine, by their labels. It listens to the
 * engine's events and asks only for containers to which something happened. While the engine is away
 * the last configuration stays.
 * Source: Traefik's pkg/provider/docker/pdocker.go.
 */
export class DockerProvider implements Provider {
  readonly name = "docker";
  readonly remote = true;
  private readonly options: DockerProviderOptions;
  private readonly runtime: ProviderContext["runtime"];
  private readonly logger: Logger;
  private readonly units: ContainerUnits;
  private readonly containers = new Map<string, DockerContainer>();

  constructor(options: DockerProviderOptions, runtime: ProviderContext["runtime"], logger: Logger) {
    this.options = options;
    this.runtime = runtime;
    this.logger = logger.with({ providerName: this.name });
    this.units = new ContainerUnits(options, this.logger);
  }

  start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchEngine("the Docker engine", this.options, this.runtime, this.logger, (...session) =>
      this.session(emit, ...session),
    );
  }

  private async session(
    emit: (configuration: ProviderConfiguration) => void,
    engine: DockerEngine,
    whole: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    const broken = new AbortController();
    const signal = AbortSignal.any([whole, broken.signal]);
    // Before the list, so that nothing happens between the two unseen.
    const events = this.options.watch
      ? await engine.events(["container", "network"], signal)
      : undefined;
    const ids = new Set(await engine.containerIds(signal));
    for (const id of this.containers.keys()) if (!ids.has(id)) this.containers.delete(id);
    await this.inspect(engine, ids, signal);
    await this.emit(emit);
    ready();
    if (events === undefined) return;
    const changes = new SettledChanges(SETTLE_TIME, async (changed) => {
      await this.inspect(engine, changed, signal);
      await this.emit(emit);
    });
    changes.failed = (error) => broken.abort(error);
    for await (const { container, type, action } of events)
      if (container !== "" && matters(type, action)) changes.add(container);
    throw new Error("the engine ended the stream of events");
  }

  /** Asks for these containers, a few at a time. One that is gone is forgotten. */
  private async inspect(
    engine: DockerEngine,
    ids: Iterable<string>,
    signal: AbortSignal,
  ): Promise<void> {
    const queue = [...ids];
    const next = async (): Promise<void> => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        const inspection = await engine.inspect(id, signal);
        if (inspection === undefined) this.containers.delete(id);
        else this.containers.set(id, containerFrom(inspection));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
  }

  private async emit(emit: (configuration: ProviderConfiguration) => void): Promise<void> {
    const configuration = this.units.configuration(this.containers, await this.hostAddress());
    emit({ provider: this.name, configuration, disabled: [] });
  }

  /** The host's address as this process reaches it; asked for only where a container has the host's network. */
  private async hostAddress(): Promise<string> {
    const needed = [...this.containers.values()].some(({ networkMode }) => networkMode === "host");
    if (needed) {
      for (const name of ["host.docker.internal", "host.containers.internal"]) {
        const [address] = await this.runtime.lookup(name).catch(() => []);
        if (address !== undefined) return address;
      }
    }
    return "127.0.0.1";
  }
}

/** Whether the event may change where a container is, whether it serves, or what its labels say. */
function matters(type: string, action: string): boolean {
  if (type === "network") return action === "connect" || action === "disconnect";
  return (
    action.startsWith("health_status") ||
    ["start", "die", "destroy", "rename", "pause", "unpause"].includes(action)
  );
}
