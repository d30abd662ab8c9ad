import { messageOf } from "../../../core/errors.ts";
import type { ServiceLogger } from "../../service-logger.ts";
import type { ModuleBindings } from "../http-service.ts";
import type { Background } from "./background.ts";

/** One run of `handler.schedule`, as plain data: the control plane says it, a worker does it. */
export interface ScheduledRun extends ModuleBindings {
  /** The service's, qualified. */
  readonly service: string;
  /** The module's path and its version. */
  readonly module: string;
  readonly version: string;
  readonly cron: string;
  /** Milliseconds since the epoch. */
  readonly scheduledTime: number;
}

export interface ScheduledRunOptions {
  readonly load: () => Promise<unknown>;
  readonly env: () => Promise<Readonly<Record<string, unknown>>>;
  readonly logger: Pick<ServiceLogger, "error">;
  readonly background: Pick<Background, "add">;
}

/**
 * Calls the module's `scheduled(controller, env, context)`, as Cloudflare Workers have it. Resolves when it has
 * done its work and what it left with `waitUntil`; what fails is logged with the service's name.
 */
export function runScheduled(run: ScheduledRun, options: ScheduledRunOptions): Promise<void> {
  const { logger, background } = options;
  const failed = (error: unknown) =>
    logger.error("A scheduled run failed", {
      serviceName: run.service,
      cron: run.cron,
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
  const work = async () => {
    const left: Promise<unknown>[] = [];
    try {
      const { cron, scheduledTime } = run;
      const scheduled = scheduledOf(await options.load(), run.module);
      const controller = { type: "scheduled", cron, scheduledTime, noRetry() {} };
      const context = {
        waitUntil: (later: unknown) => void left.push(Promise.resolve(later).catch(failed)),
        passThroughOnException() {},
      };
      await scheduled(controller, await options.env(), context);
    } catch (error) {
      failed(error);
    }
    // What is left may leave more.
    for (const later of left) await later;
  };
  const done = work();
  background.add(done);
  return done;
}

type Scheduled = (controller: object, env: unknown, context: object) => unknown;

function scheduledOf(module: unknown, name: string): Scheduled {
  const { default: exported } = module as { default?: unknown };
  for (const owner of [exported, module]) {
    const found = (owner as { scheduled?: unknown } | null | undefined)?.scheduled;
    if (typeof found === "function") return found.bind(owner) as Scheduled;
  }
  throw new Error(`module ${name}: expected a function scheduled, for handler.schedule`);
}
