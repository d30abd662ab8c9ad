import { expect, test } from "bun:test";
import fc from "fast-check";
import { sameData } from "../../../src/core/same-data.ts";

const data = fc.jsonValue({ maxDepth: 3 });

test("a copy is the same", () => {
  fc.assert(
    fc.property(data, (value) => {
      expect(sameData(value, structuredClone(value))).toBe(true);
    }),
  );
});

test("is what JSON with sorted keys says", () => {
  /** One text for each value: objects in braces, their keys in order, lists in brackets. */
  const sorted = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${sorted(child)}`).join()}}`;
  };
  fc.assert(
    fc.property(data, data, (a, b) => {
      expect(sameData(a, b)).toBe(sorted(a) === sorted(b));
    }),
  );
});

test("what JSON doesn't have", () => {
  expect(sameData({ priority: 1n }, { priority: 1n })).toBe(true);
  expect(sameData({ priority: 1n }, { priority: 2n })).toBe(false);
  expect(sameData({ priority: 1n }, { priority: 1 })).toBe(false);
  expect(sameData({ a: undefined }, {})).toBe(false);
  expect(sameData([], {})).toBe(false);
  expect(sameData({}, [])).toBe(false);
  expect(sameData(null, {})).toBe(false);
  expect(sameData([1, [2, { a: 3 }]], [1, [2, { a: 3 }]])).toBe(true);
  expect(sameData([1, [2, { a: 3 }]], [1, [2, { a: 4 }]])).toBe(false);
  expect(sameData({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
  expect(sameData({ a: 1 }, { toString: 1 })).toBe(false);
});
