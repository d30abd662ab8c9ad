import type { SharedCounters } from "../core/counters/counters.ts";
import type { Logger } from "../core/logger.ts";
import type { Deadlines } from "../core/timers.ts";
import type { HealthVerdicts } from "../services/health/health-verdicts.ts";

/** What elements of all kinds may use. */
export interface ElementPorts {
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly counters: SharedCounters;
  /** What active health checks find. */
  readonly verdicts: HealthVerdicts;
}
