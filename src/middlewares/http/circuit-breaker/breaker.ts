import type { Cells } from "../../../core/counters/counters.ts";
import type { BreakerCondition, BreakerReadings } from "./breaker-condition.ts";
import { LATENCY_BUCKETS, latencyBucket } from "./latency-buckets.ts";
import { RollingWindow } from "./rolling-window.ts";

/** Times in milliseconds. */
export interface BreakerTimes {
  readonly checkPeriod: number;
  readonly fallbackDuration: number;
  readonly recoveryDuration: number;
}

export type BreakerState = "standby" | "tripped" | "recovering";
const STATES: readonly BreakerState[] = ["standby", "tripped", "recovering"];
const STANDBY = 0;
const TRIPPED = 1;
const RECOVERING = 2;

/** Where the numbers of the state are. */
const Place = { state: 0, until: 1, nextCheck: 2, allowed: 3, denied: 4, windows: 5 } as const;

const SECONDS = { pieces: 10, length: 1000 };
const TENS = { pieces: 6, length: 10_000, width: LATENCY_BUCKETS };

/** Numbers that a breaker with that condition needs. */
export function breakerCells({ counts, usesLatency }: BreakerCondition): number {
  const answers = RollingWindow.places({ ...SECONDS, width: counts.length });
  return Place.windows + answers + (usesLatency ? RollingWindow.places(TENS) : 0);
}

/**
 * The states of a circuit breaker, in numbers that all workers share. While it stands by every request
 * passes; when the condition holds it is tripped and none passes for `fallbackDuration`; then it
 * recovers: for `recoveryDuration` a share of the requests passes that grows from none to a half, and it
 * stands by again unless the condition held meanwhile. Source: oxy's cbreaker.
 */
export class Breaker implements BreakerReadings {
  private readonly cells: Cells;
  private readonly condition: BreakerCondition;
  private readonly times: BreakerTimes;
  private readonly changed: (state: BreakerState) => void;
  private readonly answers: RollingWindow;
  private readonly latencyWindow: RollingWindow | null;
  private now = 0;

  /** `changed` hears of each change that this worker makes. */
  constructor(
    cells: Cells,
    condition: BreakerCondition,
    times: BreakerTimes,
    changed: (state: BreakerState) => void,
  ) {
    this.cells = cells;
    this.condition = condition;
    this.times = times;
    this.changed = changed;
    const seconds = { ...SECONDS, width: condition.counts.length };
    this.answers = new RollingWindow(cells.numbers, Place.windows, seconds);
    const start = Place.windows + RollingWindow.places(seconds);
    this.latencyWindow = condition.usesLatency
      ? new RollingWindow(cells.numbers, start, TENS)
      : null;
  }

  get state(): BreakerState {
    return STATES[this.cells.numbers[Place.state]];
  }

  /** Whether a request may pass. */
  admits(now: number): boolean {
    if (this.cells.numbers[Place.state] === STANDBY) return true;
    return this.cells.locked(() => {
      const { numbers } = this.cells;
      if (numbers[Place.state] === TRIPPED) {
        if (now < numbers[Place.until]) return false;
        this.enter(RECOVERING, now + this.times.recoveryDuration);
        numbers[Place.allowed] = 0;
        numbers[Place.denied] = 0;
      }
      if (numbers[Place.state] === STANDBY) return true;
      if (now > numbers[Place.until]) {
        this.enter(STANDBY, now);
        return true;
      }
      return this.admitsShare(now);
    });
  }

  private admitsShare(now: number): boolean {
    const { numbers } = this.cells;
    const { recoveryDuration } = this.times;
    const elapsed = now - (numbers[Place.until] - recoveryDuration);
    const target = (0.5 * elapsed) / recoveryDuration;
    const allowed = numbers[Place.allowed] + 1;
    if (allowed / (allowed + numbers[Place.denied]) < target) {
      numbers[Place.allowed] = allowed;
      return true;
    }
    numbers[Place.denied]++;
    return false;
  }

  /** A request that passed was answered, so many milliseconds later. */
  record(now: number, status: number, latency: number): void {
    this.cells.locked(() => {
      const { numbers } = this.cells;
      const { counts } = this.condition;
      for (let i = 0; i < counts.length; i++) if (counts[i](status)) this.answers.add(now, i);
      this.latencyWindow?.add(now, latencyBucket(latency));
      if (now <= numbers[Place.nextCheck]) return;
      numbers[Place.nextCheck] = now + this.times.checkPeriod;
      if (numbers[Place.state] === TRIPPED) return;
      this.now = now;
      if (!this.condition.holds(this)) return;
      this.enter(TRIPPED, now + this.times.fallbackDuration);
      this.answers.clear();
      this.latencyWindow?.clear();
    });
  }

  private enter(state: number, until: number): void {
    const { numbers } = this.cells;
    numbers[Place.state] = state;
    numbers[Place.until] = until;
    this.changed(STATES[state]);
  }

  // --- what the condition asks ---

  count(index: number): number {
    return this.answers.sum(this.now, index);
  }

  latencies(bucket: number): number {
    return this.latencyWindow?.sum(this.now, bucket) ?? 0;
  }
}
