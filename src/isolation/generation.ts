import type { HandlerOptions } from "../config/dynamic/handler.ts";
import type { Logger } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import { instanceUrl } from "../services/http/handler/isolated/instance-address.ts";
import { resolveVariables } from "../services/http/handler/variables.ts";
import { Instance } from "./instance.ts";

export type IsolationRuntime = Pick<Runtime, "handlerProcesses" | "httpClient" | "files" | "env">;

export interface GenerationOptions {
  readonly runtime: IsolationRuntime;
  readonly logger: Logger;
  /** Qualified. */
  readonly service: string;
  readonly handler: HandlerOptions;
  /** What another one of the same service differs in. */
  readonly key: string;
  /** Where its sockets go: paths begin so. */
  readonly path: string;
  readonly verdict: (verdict: HealthVerdict) => void;
  /** It is ready, or has failed. */
  readonly changed: () => void;
}

/** The instances of one function as one configuration, and one state of its files, wants them. */
export class Generation {
  readonly key: string;
  readonly instances: readonly Instance[];
  readonly sockets: readonly string[];
  /** All instances were ready once. */
  ready = false;
  /** Why they can't be. */
  failure: string | undefined;
  private readonly up: boolean[];
  private readonly options: GenerationOptions;

  /** Starts. */
  constructor(options: GenerationOptions) {
    const { runtime, logger, service, handler, path } = options;
    const { module, env = {}, permissions = {} } = handler;
    const { memory = 0, unresponsive = 10_000, instances = 1 } = handler.limits ?? {};
    this.key = options.key;
    this.options = options;
    this.up = Array.from({ length: instances }, () => false);
    this.sockets = this.up.map((_, index) => `${path}.${index}`);
    this.instances = this.sockets.map(
      (socket, index) =>
        new Instance({
          runtime,
          logger,
          service,
          index,
          module,
          socket,
          permissions,
          memory,
          unresponsive,
          variables: () =>
            resolveVariables(env, {
              env: runtime.env,
              readText: async (file) => new TextDecoder().decode(await runtime.files.read(file)),
            }),
          report: (up) => this.report(index, up),
          failed: (reason) => this.failed(reason),
        }),
    );
  }

  get verdicts(): HealthVerdict[] {
    return this.up.map((up, index) => this.verdict(index, up));
  }

  /** Lets what is in flight finish, and ends. */
  async drain(grace: number): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.drain(grace)));
  }

  private report(index: number, up: boolean): void {
    this.up[index] = up;
    this.options.verdict(this.verdict(index, up));
    if (!up || this.ready || !this.up.every((one) => one)) return;
    this.ready = true;
    this.failure = undefined;
    this.options.changed();
  }

  private failed(reason: string): void {
    if (this.ready || this.failure !== undefined) return;
    this.failure = reason;
    this.options.changed();
  }

  private verdict(index: number, up: boolean): HealthVerdict {
    const server = instanceUrl(this.sockets[index]);
    return { kind: "http", service: this.options.service, server, up };
  }
}
