import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MemoryCounters } from "../../../../../src/core/counters/memory-counters.ts";
import {
  Breaker,
  breakerCells,
} from "../../../../../src/middlewares/http/circuit-breaker/breaker.ts";
import { breakerCondition } from "../../../../../src/middlewares/http/circuit-breaker/breaker-condition.ts";
import {
  LATENCY_BUCKETS,
  latencyBucket,
  latencyOf,
} from "../../../../../src/middlewares/http/circuit-breaker/latency-buckets.ts";

const TIMES = { checkPeriod: 100, fallbackDuration: 10_000, recoveryDuration: 10_000 };
const START = 1_700_000_000_000;

/** The breakers of so many workers, and what they said of changes. */
function workersWith(expression: string, workers = 1) {
  const memory = MemoryCounters.allocate(workers);
  const states: string[] = [];
  const breakers = Array.from({ length: workers }, (_, worker) => {
    const condition = breakerCondition(expression);
    const counters = new MemoryCounters(memory, worker, workers);
    const cells = counters.cells("breaker", breakerCells(condition));
    return new Breaker(cells, condition, TIMES, (state) => void states.push(state));
  });
  return { breakers, states };
}

/** What oxy's breaker does, as plainly as it can be said: all answers are kept, and looked at. */
class Model {
  state = "standby";
  private until = 0;
  private nextCheck = 0;
  private allowed = 0;
  private denied = 0;
  private answers: { piece: number; status: number }[] = [];

  admits(now: number): boolean {
    if (this.state === "tripped") {
      if (now < this.until) return false;
      this.state = "recovering";
      this.until = now + TIMES.recoveryDuration;
      this.allowed = 0;
      this.denied = 0;
    }
    if (this.state === "standby") return true;
    if (now > this.until) {
      this.state = "standby";
      return true;
    }
    const start = this.until - TIMES.recoveryDuration;
    const target = (0.5 * (now - start)) / TIMES.recoveryDuration;
    if ((this.allowed + 1) / (this.allowed + 1 + this.denied) < target) {
      this.allowed++;
      return true;
    }
    this.denied++;
    return false;
  }

  record(now: number, status: number): void {
    const piece = Math.floor(now / 1000);
    this.answers.push({ piece, status });
    if (now <= this.nextCheck) return;
    this.nextCheck = now + TIMES.checkPeriod;
    if (this.state === "tripped") return;
    const recent = this.answers.filter((answer) => answer.piece > piece - 10);
    const errors = recent.filter(({ status: s }) => s === 502 || s === 504).length;
    const server = recent.filter(({ status: s }) => s >= 500 && s < 600).length;
    if (!(errors / recent.length > 0.4 || (server > 0 && server / recent.length >= 0.75))) return;
    this.state = "tripped";
    this.until = now + TIMES.fallbackDuration;
    this.answers = [];
  }
}

test("does what the model does, with any number of workers", () => {
  const events = fc.array(
    fc.record({
      after: fc.oneof(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 0, max: 15_000 }),
      ),
      status: fc.constantFrom(200, 200, 404, 500, 502, 504),
      worker: fc.nat(2),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), events, (workers, list) => {
      const expression = "NetworkErrorRatio() > 0.4 || ResponseCodeRatio(500, 600, 0, 600) >= 0.75";
      const { breakers } = workersWith(expression, workers);
      const model = new Model();
      let now = START;
      for (const { after, status, worker } of list) {
        now += after;
        const breaker = breakers[worker % workers];
        const passes = breaker.admits(now);
        expect(passes).toBe(model.admits(now));
        if (passes) {
          breaker.record(now, status, 1);
          model.record(now, status);
        }
        expect(breaker.state).toBe(model.state as typeof breaker.state);
      }
    }),
  );
});

test("trips, recovers by a growing share, and stands by again", () => {
  const { breakers, states } = workersWith("NetworkErrorRatio() > 0.5");
  const [breaker] = breakers;
  breaker.record(START, 502, 1);
  expect(states).toEqual(["tripped"]);
  expect(breaker.admits(START + 9_999)).toBe(false);
  const share = (from: number) => {
    let passed = 0;
    for (let i = 0; i < 1000; i++) if (breaker.admits(START + from + i)) passed++;
    return passed;
  };
  expect(share(10_000)).toBeLessThan(50);
  expect(states).toEqual(["tripped", "recovering"]);
  share(14_000);
  expect(share(18_000)).toBeGreaterThan(300);
  expect(breaker.admits(START + 20_001)).toBe(true);
  expect(states).toEqual(["tripped", "recovering", "standby"]);
});

test("a failure while it recovers trips it again", () => {
  const { breakers, states } = workersWith("NetworkErrorRatio() > 0.5");
  const [breaker] = breakers;
  breaker.record(START, 502, 1);
  breaker.admits(START + 10_000);
  breaker.record(START + 10_500, 504, 1);
  expect(states).toEqual(["tripped", "recovering", "tripped"]);
  expect(breaker.admits(START + 20_499)).toBe(false);
});

test("what one worker saw counts for the others, and what is old for none", () => {
  const { breakers } = workersWith("ResponseCodeRatio(500, 600, 0, 600) > 0.5", 2);
  const [one, other] = breakers;
  for (let i = 0; i < 10; i++) one.record(START, 200, 1);
  for (let i = 0; i < 6; i++) other.record(START + 200 * i, 500, 1);
  expect(one.state).toBe("standby");
  // The ten from before are older than ten seconds now.
  other.record(START + 10_500, 500, 1);
  expect(one.state).toBe("tripped");
  expect(one.admits(START + 10_600)).toBe(false);
});

describe("LatencyAtQuantileMS", () => {
  test("is a quantile of the last minute", () => {
    const { breakers } = workersWith("LatencyAtQuantileMS(50.0) > 100");
    const [breaker] = breakers;
    for (let i = 0; i < 10; i++) breaker.record(START + i * 200, 200, 50);
    for (let i = 0; i < 9; i++) breaker.record(START + 3000 + i * 200, 200, 150);
    expect(breaker.state).toBe("standby");
    for (let i = 0; i < 2; i++) breaker.record(START + 6000 + i * 200, 200, 150);
    expect(breaker.state).toBe("tripped");
  });

  test("a bucket has what falls into it, within 2 %", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000 }), (value) => {
        const bucket = latencyBucket(value);
        expect(bucket).toBeWithin(0, LATENCY_BUCKETS);
        const highest = latencyOf(bucket);
        expect(highest).toBeGreaterThanOrEqual(value);
        expect(highest).toBeLessThanOrEqual(value * 1.02);
        expect(latencyBucket(highest)).toBe(bucket);
      }),
    );
    expect(latencyBucket(1e9)).toBe(LATENCY_BUCKETS - 1);
  });
});
