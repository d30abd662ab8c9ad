import { expect, test } from "bun:test";
import { cycleGroups } from "../../../../scripts/checks/cycles.ts";

const groups = (imports: Record<string, string[]>) => cycleGroups(new Map(Object.entries(imports)));

test("a graph without circles has no group", () => {
  expect(groups({ a: ["b", "c"], b: ["c"], c: [] })).toEqual([]);
});

test("a file that imports itself is a group", () => {
  expect(groups({ a: ["a"], b: ["a"] })).toEqual([["a"]]);
});

test("circles that share a file are one group, separate ones are two, the larger one first", () => {
  expect(
    groups({ x: ["y"], y: ["x", "a"], a: ["b"], b: ["a", "c"], c: ["b"], z: ["x", "c"] }),
  ).toEqual([
    ["a", "b", "c"],
    ["x", "y"],
  ]);
});
