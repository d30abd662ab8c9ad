import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LocalCounters, type SharedCounters } from "../../../src/core/counters/counters.ts";
import { MemoryCounters } from "../../../src/core/counters/memory-counters.ts";

/** Workers of one process, as their counters see them. */
const processes: Record<string, () => SharedCounters[]> = {
  "one worker": () => [new LocalCounters()],
  "three workers": () => {
    const memory = MemoryCounters.allocate(3);
    return [0, 1, 2].map((worker) => new MemoryCounters(memory, worker, 3));
  },
};

for (const [name, start] of Object.entries(processes)) {
  describe(name, () => {
    test("a counter is one number for all, found again by its name", () => {
      const workers = start();
      for (const worker of workers) worker.counter("requests").add(2);
      expect(workers[0].counter("requests").value).toBe(2 * workers.length);
      workers[0].counter("requests").add(-1);
      expect(workers.at(-1)!.counter("requests").value).toBe(2 * workers.length - 1);
      expect(workers[0].counter("errors").value).toBe(0);
    });

    test("whatever comes and goes, no key is above its limit, and none is refused below", () => {
      const events = fc.array(
        fc.oneof(
          fc.record({ worker: fc.nat(2), key: fc.constantFrom("a", "b", "c") }),
          fc.record({ leave: fc.nat(30) }),
        ),
        { maxLength: 150 },
      );
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 4 }), events, (limit, list) => {
          const workers = start();
          const open: { worker: number; key: string }[] = [];
          for (const event of list) {
            if ("leave" in event) {
              const [gone] = open.splice(event.leave, 1);
              if (gone !== undefined) workers[gone.worker].counts("n").lower(gone.key);
              continue;
            }
            const worker = event.worker % workers.length;
            const free = open.filter(({ key }) => key === event.key).length < limit;
            expect(workers[worker].counts("n").raise(event.key, limit)).toBe(free);
            if (free) open.push({ worker, key: event.key });
          }
        }),
      );
    });

    test("keys of one name are not those of another, and a limit of 0 lets none in", () => {
      const [worker] = start();
      expect(worker.counts("a").raise("k", 1)).toBe(true);
      expect(worker.counts("b").raise("k", 1)).toBe(true);
      expect(worker.counts("a").raise("k", 1)).toBe(false);
      expect(worker.counts("a").raise("other", 0)).toBe(false);
    });
  });
}

test("what a dead worker held is free again, and what the others hold is not", () => {
  const memory = MemoryCounters.allocate(2);
  const [first, second] = [0, 1].map((worker) => new MemoryCounters(memory, worker, 2));
  const [a, b] = [first.counts("n"), second.counts("n")];
  expect([a.raise("k", 2), b.raise("k", 2), b.raise("k", 2)]).toEqual([true, true, false]);
  const third = new MemoryCounters(memory, 2, 2);
  third.forget(1);
  expect([a.raise("k", 2), a.raise("k", 2)]).toEqual([true, false]);
});

test("keys beyond the memory's room are refused, and places come back", () => {
  const counters = new MemoryCounters(MemoryCounters.allocate(1), 0, 1);
  const counts = counters.counts("n");
  const keys = Array.from({ length: 200_000 }, (_, i) => `client ${i}`);
  const taken = keys.filter((key) => counts.raise(key, 1));
  expect(taken.length).toBeGreaterThan(50_000);
  expect(taken.length).toBeLessThanOrEqual(65_536);
  for (const key of taken) counts.lower(key);
  const again = keys.toReversed().filter((key) => counts.raise(key, 1));
  expect(again.length).toBeGreaterThan(50_000);
});

test("a worker that waits for a processor within a change is waited for", async () => {
  const memory = MemoryCounters.allocate(2);
  // Takes all locks as worker 1, and sees whether something changes before it gives them back.
  const source = `
    self.onmessage = ({ data: memory }) => {
      const words = new Int32Array(memory);
      const EVERY = 1 + 16 * (2 + 2);
      const locks = Array.from({ length: 4096 }, (_, i) => i * EVERY);
      for (const lock of locks) Atomics.store(words, lock, 2);
      const before = words.slice(0, 4096 * EVERY);
      self.postMessage("locked");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      const changed = words.slice(0, 4096 * EVERY).some((word, i) => word !== before[i]);
      for (const lock of locks) Atomics.store(words, lock, 0);
      self.postMessage(changed ? "changed" : "unchanged");
    };`;
  const thread = new Worker(
    URL.createObjectURL(new Blob([source], { type: "application/typescript" })),
  );
  const told = () =>
    new Promise((resolve) => {
      thread.onmessage = ({ data }) => resolve(data);
    });
  const locked = told();
  thread.postMessage(memory);
  expect(await locked).toBe("locked");
  const counts = new MemoryCounters(memory, 0, 2).counts("n");
  expect(counts.raise("k", 1)).toBe(true);
  expect(await told()).toBe("unchanged");
  expect(counts.raise("k", 1)).toBe(false);
  thread.terminate();
});

test("worker threads count together", async () => {
  const memory = MemoryCounters.allocate(4);
  const source = `
    import { MemoryCounters } from ${JSON.stringify(import.meta.resolve("../../../src/core/counters/memory-counters.ts"))};
    self.onmessage = ({ data: { memory, worker } }) => {
      const counters = new MemoryCounters(memory, worker, 4);
      const counts = counters.counts("n");
      const total = counters.counter("total");
      let held = 0;
      for (let i = 0; i < 20_000; i++) {
        total.add(1);
        if (counts.raise("k", 1000)) held++;
        if (i % 3 === 0 && held > 0) { counts.lower("k"); held--; }
      }
      self.postMessage(held);
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
  const held = await Promise.all(
    [0, 1, 2, 3].map(
      (worker) =>
        new Promise<number>((resolve, reject) => {
          const thread = new Worker(url);
          thread.onerror = (event) => reject(new Error(event.message));
          thread.onmessage = ({ data }) => {
            resolve(data);
            thread.terminate();
          };
          thread.postMessage({ memory, worker });
        }),
    ),
  );
  const counters = new MemoryCounters(memory, 0, 4);
  expect(counters.counter("total").value).toBe(80_000);
  const sum = held.reduce((all, each) => all + each, 0);
  expect(sum).toBeLessThanOrEqual(1000);
  const counts = counters.counts("n");
  let left = 0;
  while (counts.raise("k", 1000)) left++;
  expect(left).toBe(1000 - sum);
});
