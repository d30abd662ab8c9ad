import { MemoryCounters } from "../../../src/core/counters/memory-counters.ts";

declare const self: Worker;

/** Takes tokens of one bucket that hardly fills, and posts how many there were. */
self.onmessage = ({ data: { memory, worker } }) => {
  const buckets = new MemoryCounters(memory, worker, 3).buckets("rate");
  const limit = { interval: 1_000_000, burst: 10_000, patience: 0 };
  let taken = 0;
  for (let i = 0; i < 20_000; i++) if (buckets.take("k", limit) === 0) taken++;
  self.postMessage(taken);
};
