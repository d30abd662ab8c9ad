import { expect, test } from "bun:test";
import { DescriptorSet } from "../../../runtime/bun/splice/descriptor-set.ts";

test("a set of descriptors has what was added and not deleted, in whatever thread, and is emptied once", () => {
  const set = new DescriptorSet();
  for (const fd of [0, 5, 31, 32, 63, 64, 1000, (1 << 20) - 1]) expect(set.add(fd)).toBe(true);
  for (const fd of [-1, 1 << 20]) expect(set.add(fd)).toBe(false);
  set.delete(32);
  set.delete(7);
  const other = new DescriptorSet(set.buffer);
  expect(other.take()).toEqual([0, 5, 31, 63, 64, 1000, (1 << 20) - 1]);
  expect(set.take()).toEqual([]);
});
