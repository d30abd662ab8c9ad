import { expect, test } from "bun:test";
import { Health, healthOfChild } from "../../../../src/services/health/health.ts";

test("tells listeners of changes only, until they unsubscribe", () => {
  const health = new Health();
  const heard: boolean[] = [];
  const listener = (up: boolean) => void heard.push(up);
  const unsubscribe = health.subscribe(listener);
  health.subscribe(listener);
  health.set(true);
  expect(heard).toEqual([]);
  health.set(false);
  expect(heard).toEqual([false, false]);
  expect(health.up).toBe(false);
  unsubscribe();
  health.set(true);
  expect(heard).toEqual([false, false, true]);
});

test("a child without health can't update its parent", () => {
  expect(() => healthOfChild(null, "child", "parent@file")).toThrow(
    "cannot register child as updater for parent@file: healthCheck not enabled",
  );
});
