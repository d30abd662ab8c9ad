import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LocalCounters, type SharedCounters } from "../../../src/core/counters/counters.ts";
import { LocalBuckets } from "../../../src/core/counters/local-buckets.ts";
import { MemoryCounters } from "../../../src/core/counters/memory-counters.ts";

let time = 0;
const clock = () => time;

/** Workers of one process, as their counters see them. */
const processes: Record<string, () => SharedCounters[]> = {
  "one worker": () => [new LocalCounters(clock)],
  "three workers": () => {
    const memory = MemoryCounters.allocate(3, clock);
    return [0, 1, 2].map((worker) => new MemoryCounters(memory, worker, 3, clock));
  },
};

for (const [name, start] of Object.entries(processes)) {
  describe(name, () => {
    test("whatever comes when, no key gets more than its limit, and none is refused below", () => {
      const events = fc.array(
        fc.record({
          after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })),
          worker: fc.nat(2),
          key: fc.constantFrom("a", "b"),
        }),
        { maxLength: 120 },
      );
      const limits = fc.record({
        interval: fc.integer({ min: 1, max: 200 }),
        burst: fc.integer({ min: 1, max: 5 }),
        patience: fc.integer({ min: 0, max: 100 }),
      });
      fc.assert(
        fc.property(limits, events, (limit, list) => {
          time = 1_000_000;
          const workers = start();
          // A plain bucket with tokens, each key's own.
          const model = new Map<string, { tokens: number; at: number }>();
          for (const event of list) {
            time += event.after;
            const bucket = model.get(event.key) ?? { tokens: limit.burst, at: time };
            const grown = bucket.tokens + (time - bucket.at) / limit.interval;
            const left = Math.min(limit.burst, grown) - 1;
            const wait = Math.max(0, -left * limit.interval);
            const taken = wait <= limit.patience + 1e-6;
            model.set(event.key, { tokens: taken ? left : left + 1, at: time });
            const counters = workers[event.worker % workers.length];
            const said = counters.buckets("rate").take(event.key, limit);
            expect(said).toBeCloseTo(wait, 3);
            expect(said <= limit.patience + 1e-6).toBe(taken);
          }
        }),
      );
    });

    test("keys of one name are not those of another", () => {
      time = 0;
      const [worker] = start();
      const limit = { interval: 1000, burst: 1, patience: 0 };
      expect(worker.buckets("a").take("k", limit)).toBe(0);
      expect(worker.buckets("b").take("k", limit)).toBe(0);
      expect(worker.buckets("a").take("k", limit)).toBe(1000);
    });

    test("a key that was seen before more others than there is room for may only gain", () => {
      time = 0;
      const [worker] = start();
      const buckets = worker.buckets("many");
      const limit = { interval: 1_000_000, burst: 1, patience: 0 };
      let refused = 0;
      for (let i = 0; i < 300_000; i++) if (buckets.take(`client ${i}`, limit) > 0) refused++;
      expect(refused).toBe(0);
      expect(buckets.take("client 299999", limit)).toBeGreaterThan(0);
    });
  });
}

test("the numbers of an element are all workers', by name and count", () => {
  const memory = MemoryCounters.allocate(2);
  const [first, second] = [0, 1].map((worker) => new MemoryCounters(memory, worker, 2));
  first.cells("a", 3).locked(() => {
    first.cells("a", 3).numbers[2] = 0.5;
  });
  expect([...second.cells("a", 3).numbers]).toEqual([0, 0, 0.5]);
  expect([...second.cells("a", 2).numbers]).toEqual([0, 0]);
  expect([...second.cells("b", 3).numbers]).toEqual([0, 0, 0]);
  expect(() => first.cells("huge", 2 ** 22)).toThrow("no room");
});

test("full buckets go with time", () => {
  time = 0;
  const buckets = new LocalBuckets(clock);
  const limit = { interval: 10, burst: 1, patience: 0 };
  for (let i = 0; i < 1000; i++) {
    time += 10;
    buckets.take(`client ${i}`, limit);
  }
  expect(buckets.size).toBeLessThan(5);
});

test("threads that take at the same time get no more than there is", async () => {
  const memory = MemoryCounters.allocate(3);
  const url = new URL("./token-taker.ts", import.meta.url);
  const taken = await Promise.all(
    [0, 1, 2].map((worker) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      const thread = new Worker(url);
      thread.onmessage = ({ data }) => {
        resolve(data);
        thread.terminate();
      };
      thread.postMessage({ memory, worker });
      return promise;
    }),
  );
  expect(taken.reduce((sum, count) => sum + count, 0)).toBe(10_000);
});
