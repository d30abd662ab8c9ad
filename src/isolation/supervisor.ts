import type { HandlerOptions } from "../config/dynamic/handler.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { FunctionInstances, Snapshot } from "../snapshot/snapshot.ts";
import { Generation, type IsolationRuntime } from "./generation.ts";
import type { InstanceStatus } from "./instance.ts";

/** How long requests that were given to an instance may still be on the way to it, in milliseconds. */
const LINGER = 500;

export interface SupervisorOptions {
  readonly runtime: IsolationRuntime;
  readonly logger: Logger;
  /** False: configurations are only looked at. */
  readonly active: boolean;
  /** How long instances that go may finish what is in flight, in milliseconds. */
  readonly grace: number;
  readonly verdict: (verdict: HealthVerdict) => void;
  /** Another snapshot is to be made: instances have become ready, or have failed. */
  readonly changed: () => void;
}

/** What is seen of one process. */
export interface InstanceState {
  readonly instance: number;
  readonly pid: number;
  readonly status: InstanceStatus;
  readonly restarts: number;
  /** Bytes. */
  readonly memory: number;
  /** Seconds of processor time. */
  readonly cpu: number;
  /** Milliseconds that the last ping took. */
  readonly latency: number;
}

/** The processes of functions, by the service's name. */
export type FunctionStates = Readonly<Record<string, readonly InstanceState[]>>;

/** The instances of one service: those that serve, and those that are to take over. */
interface Supervised {
  current: Generation;
  next: Generation | undefined;
}

/**
 * Runs the processes of functions (`isolation: process`), once for all workers. A function that changes gets new
 * instances beside the old ones; these go when the new ones serve.
 */
export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly functions = new Map<string, Supervised>();
  /** They serve until the next snapshot does. */
  private leaving: Generation[] = [];
  private readonly draining = new Set<Promise<void>>();
  private count = 0;

  constructor(options: SupervisorOptions) {
    this.options = options;
  }

  /** Of all instances, whether they are up or not. */
  get verdicts(): HealthVerdict[] {
    return [...this.functions.values()].flatMap(({ current }) => current.verdicts);
  }

  /** By the service's qualified name. */
  get states(): FunctionStates {
    return Object.fromEntries(
      [...this.functions].map(([name, { current }]) => [
        name,
        current.instances.map(({ index, pid, status, restarts, memory, cpu, latency }) => {
          return { instance: index, pid, status, restarts, memory, cpu, latency };
        }),
      ]),
    );
  }

  /** The instances that functions have, or are to have, in this snapshot; starts those that are new. */
  async instances({
    services,
    moduleVersions,
  }: Pick<Snapshot, "services" | "moduleVersions">): Promise<Record<string, FunctionInstances>> {
    const found: Record<string, FunctionInstances> = {};
    for (const [name, { handler }] of Object.entries(services)) {
      if (handler?.isolation !== "process") continue;
      const problem = await this.problemOf(handler);
      if (problem !== undefined) found[name] = { error: problem };
      else if (this.options.active)
        found[name] = await this.follow(name, handler, moduleVersions[handler.module] ?? "").catch(
          (error: unknown) => ({ error: messageOf(error) }),
        );
    }
    return found;
  }

  /** A snapshot serves; services of `kept` go on as they were, whatever it says of them. */
  applied({ services }: Pick<Snapshot, "services">, kept: ReadonlySet<string>): void {
    for (const [name, { current, next }] of this.functions) {
      if (services[name]?.handler?.isolation === "process" || kept.has(name)) continue;
      this.functions.delete(name);
      this.leaving.push(current, ...(next === undefined ? [] : [next]));
    }
    for (const generation of this.leaving) this.dismiss(generation, LINGER);
    this.leaving = [];
  }

  /** Ends all instances, those that still work after the grace time included. */
  async stop(): Promise<void> {
    for (const { current, next } of this.functions.values()) {
      this.dismiss(current, 0);
      if (next !== undefined) this.dismiss(next, 0);
    }
    this.functions.clear();
    await Promise.all(this.draining);
    await this.options.runtime.handlerProcesses.close();
  }

  private async follow(
    service: string,
    handler: HandlerOptions,
    version: string,
  ): Promise<FunctionInstances> {
    const key = JSON.stringify([handler, version]);
    const known = this.functions.get(service);
    if (known === undefined) {
      const current = await this.begin(service, handler, key);
      this.functions.set(service, { current, next: undefined });
      return shown(current, undefined);
    }
    if (known.current.key !== key && known.next?.key !== key) {
      if (known.next !== undefined) this.dismiss(known.next, 0);
      known.next = await this.begin(service, handler, key);
    }
    const { current, next } = known;
    if (current.key === key) {
      if (next !== undefined) this.dismiss(next, 0);
      known.next = undefined;
    } else if (next?.ready === true || !current.ready) {
      // One that never served has nothing to go on with.
      this.leaving.push(current);
      known.current = next!;
      known.next = undefined;
    }
    return shown(known.current, known.next);
  }

  private async begin(service: string, handler: HandlerOptions, key: string): Promise<Generation> {
    const { runtime, logger, verdict, changed } = this.options;
    const directory = await runtime.handlerProcesses.directory();
    const path = `${directory}/${++this.count}`;
    return new Generation({ runtime, logger, service, handler, key, path, verdict, changed });
  }

  private dismiss(generation: Generation, linger: number): void {
    const gone = new Promise((resolve) => setTimeout(resolve, linger))
      .then(() => generation.drain(this.options.grace))
      .finally(() => this.draining.delete(gone));
    this.draining.add(gone);
  }

  /** What of a function can't be had here. */
  private async problemOf({
    module,
    permissions,
    limits,
  }: HandlerOptions): Promise<string | undefined> {
    const { handlerProcesses, files } = this.options.runtime;
    if (permissions !== undefined && handlerProcesses.withoutPermissions !== null)
      return `handler.permissions: ${handlerProcesses.withoutPermissions}: leave them out, or run Sluice on Deno`;
    if (limits?.memory !== undefined && (await files.info("/proc/self/status")) === undefined)
      return "handler.limits.memory: this system has no /proc, and nothing else tells what a process uses";
    try {
      if ((await files.info(module))?.isFile === true) return undefined;
      return `module ${module}: there is no such file`;
    } catch (error) {
      return `module ${module}: ${messageOf(error)}`;
    }
  }
}

function shown(current: Generation, next: Generation | undefined): FunctionInstances {
  const error = next?.failure ?? (current.ready ? undefined : current.failure);
  return error === undefined ? { sockets: current.sockets } : { error };
}
