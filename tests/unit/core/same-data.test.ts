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
  const sorted = (value: unknown) =>
    JSON.stringify(value, (_, child) =>
      typeof child === "object" && child !== null && !Array.isArray(child)
        ? Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1))
        : // JSON has no minus zero, and === neither.
          child,
    );
  fc.assert(
    fc.property(data, data, (a, b) => {
      // Entries stand for objects above, so lists of pairs would look like them.
      fc.pre(!/\[\[/.test(JSON.stringify([a, b]).slice(1)));
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
