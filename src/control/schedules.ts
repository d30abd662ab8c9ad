import { Cron } from "croner";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { ScheduledRun } from "../services/http/handler/scheduled-run.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";

export interface SchedulesOptions {
  readonly logger: Logger;
  /** Has one data plane do a run; resolves when it is done. */
  readonly run: (run: ScheduledRun) => Promise<void>;
}

interface Job {
  readonly cron: Cron;
  /** What the next run is of. */
  run: Omit<ScheduledRun, "scheduledTime">;
  running: boolean;
}

/**
 * `handler.schedule`: calls modules at their times, once in the process. A run whose predecessor has not
 * ended is skipped, and the log says so. Times that pass while Sluice is not running are not made up for.
 */
export class Schedules {
  private readonly options: SchedulesOptions;
  /** By service, pattern and time zone: what stays as it is in a new configuration goes on. */
  private readonly jobs = new Map<string, Job>();

  constructor(options: SchedulesOptions) {
    this.options = options;
  }

  /** From now on what this configuration says, without the services that are disabled in it. */
  follow({ services, moduleVersions }: Snapshot, disabled: readonly DisabledElement[]): void {
    const off = new Set(
      disabled
        .filter(({ kind, goesOn }) => kind === "service" && goesOn !== true)
        .map(({ name }) => name),
    );
    const wanted = new Set<string>();
    for (const [service, { handler }] of Object.entries(services)) {
      if (handler?.schedule === undefined || off.has(service)) continue;
      const { module, env: variables = {}, kv, schedule, timeZone } = handler;
      for (const cron of schedule) {
        const key = JSON.stringify([service, cron, timeZone]);
        const version = moduleVersions[module] ?? "";
        const run = { service, module, version, cron, variables, kv };
        const before = this.jobs.get(key);
        wanted.add(key);
        if (before === undefined) this.jobs.set(key, this.begin(run, timeZone));
        else before.run = run;
      }
    }
    for (const [key, job] of this.jobs) {
      if (wanted.has(key)) continue;
      job.cron.stop();
      this.jobs.delete(key);
    }
  }

  /** No run begins any more; data planes wait for those that have begun. */
  stop(): void {
    for (const { cron } of this.jobs.values()) cron.stop();
    this.jobs.clear();
  }

  private begin(run: Job["run"], timeZone: string | undefined): Job {
    const { logger } = this.options;
    const job: Job = {
      run,
      running: false,
      cron: new Cron(run.cron, { timezone: timeZone, mode: "5-or-6-parts" }, async () => {
        const { service, cron: pattern } = job.run;
        if (job.running) {
          logger.warn("A scheduled run was skipped: the one before it has not ended", {
            serviceName: service,
            cron: pattern,
          });
          return;
        }
        job.running = true;
        try {
          await this.options.run({
            ...job.run,
            scheduledTime: Math.floor(Date.now() / 1000) * 1000,
          });
        } catch (error) {
          logger.error("A scheduled run came to no end", {
            serviceName: service,
            cron: pattern,
            error: messageOf(error),
          });
        } finally {
          job.running = false;
        }
      }),
    };
    return job;
  }
}
