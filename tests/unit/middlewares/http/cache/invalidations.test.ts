import { expect, test } from "bun:test";
import { MemoryCounters } from "../../../../../src/core/counters/memory-counters.ts";
import {
  Invalidations,
  urlHash,
} from "../../../../../src/middlewares/http/cache/stores/invalidations.ts";

function workers(): [Invalidations, Invalidations, (number | null)[]] {
  const memory = MemoryCounters.allocate(2);
  const [one, other] = [0, 1].map(
    (worker) => new Invalidations(new MemoryCounters(memory, worker, 2), "it@file"),
  );
  return [one, other, []];
}

test("every worker carries out what any of them adds, once", () => {
  const [one, other, forgotten] = workers();
  other.carryOut((hash) => forgotten.push(hash));
  one.add("http://a/");
  other.add("http://b/");
  other.carryOut((hash) => forgotten.push(hash));
  other.carryOut((hash) => forgotten.push(hash));
  expect(forgotten).toEqual([urlHash("http://a/"), urlHash("http://b/")]);
  one.addAll();
  one.add("http://c/");
  forgotten.length = 0;
  other.carryOut((hash) => forgotten.push(hash));
  expect(forgotten).toEqual([null]);
});

test("what was asked for before is told from what was asked for behind", () => {
  const [one, other] = workers();
  const before = one.count;
  other.add("http://a/");
  const behind = one.count;
  expect([one.hasSince(before, "http://a/"), one.hasSince(before, "http://b/")]).toEqual([
    true,
    false,
  ]);
  expect(one.hasSince(behind, "http://a/")).toBe(false);
  other.addAll();
  expect(one.hasSince(behind, "http://b/")).toBe(true);
});

test("one that has missed some forgets all", () => {
  const [one, other, forgotten] = workers();
  const before = one.count;
  for (let i = 0; i < 4096; i++) other.add(`http://${i}/`);
  expect(one.hasSince(before, "http://x/")).toBe(false);
  other.add("http://more/");
  expect(one.hasSince(before, "http://x/")).toBe(true);
  one.carryOut((hash) => forgotten.push(hash));
  expect(forgotten).toEqual([null]);
  other.add("http://more/");
  one.carryOut((hash) => forgotten.push(hash));
  expect(forgotten).toEqual([null, urlHash("http://more/")]);
});
