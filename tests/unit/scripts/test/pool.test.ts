import { expect, test } from "bun:test";
import { inPool } from "../../../../scripts/test/pool.ts";

test("as many jobs run at a time as there are slots, each slot has one, those alone have all", async () => {
  const jobs = Array.from({ length: 12 }, (_, id) => ({ id, alone: id % 4 === 0 }));
  const busy = new Set<number>();
  let most = 0;
  const begun: number[] = [];
  await inPool(jobs, 3, async ({ id, alone }, slot) => {
    begun.push(id);
    expect(busy.has(slot)).toBe(false);
    if (alone) expect(busy.size).toBe(0);
    busy.add(slot);
    most = Math.max(most, busy.size);
    await Bun.sleep(1 + (id % 3));
    busy.delete(slot);
  });
  expect(most).toBe(3);
  expect(begun).toEqual([1, 2, 3, 5, 6, 7, 9, 10, 11, 0, 4, 8]);
});
