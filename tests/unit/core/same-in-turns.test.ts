import { expect, test } from "bun:test";
import fc from "fast-check";
import { sameInTurns } from "../../../src/core/loop/same-in-turns.ts";
import { sameData } from "../../../src/core/same-data.ts";

test("says what sameData says", async () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  await fc.assert(
    fc.asyncProperty(value, value, async (a, b) => {
      expect(await sameInTurns(a, b)).toBe(sameData(a, b));
      expect(await sameInTurns(a, structuredClone(a))).toBe(true);
    }),
  );
});

test("a difference anywhere among many", async () => {
  const many = () =>
    Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`r${i}`, { rules: [{ a: i }] }]));
  expect(await sameInTurns({ http: { routers: many() } }, { http: { routers: many() } })).toBe(
    true,
  );
  const other = many();
  other["r499"].rules[0].a = -1;
  expect(await sameInTurns({ http: { routers: many() } }, { http: { routers: other } })).toBe(
    false,
  );
});

test("other work has its turns meanwhile", async () => {
  const many = () =>
    Object.fromEntries(
      Array.from({ length: 100_000 }, (_, i) => [`r${i}`, { rules: [{ a: i }, { b: [i] }] }]),
    );
  const [a, b] = [many(), many()];
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  expect(await sameInTurns({ a }, { a: b })).toBe(true);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});
