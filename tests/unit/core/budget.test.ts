import { describe, expect, test } from "bun:test";
import { Budget } from "../../../src/core/budget.ts";

/** How often in a row it says yes, up to a thousand times. */
function count(budget: Budget): number {
  let times = 0;
  while (times < 1000 && budget.take()) times++;
  return times;
}

describe("a budget", () => {
  test("is as large as it says, and stays used up", () => {
    const budget = new Budget(10, 1000);
    expect(count(budget)).toBe(10);
    expect(budget.take()).toBe(false);
    expect(new Budget(0, 1000).take()).toBe(false);
  });

  test("takes several at once", () => {
    const budget = new Budget(10, 1000);
    expect(budget.take(10)).toBe(true);
    expect(budget.take(0)).toBe(true);
    expect(budget.take(1)).toBe(false);
  });

  test("comes back by what is given back", () => {
    const budget = new Budget(10, 1000);
    budget.take(10);
    budget.giveBack(3);
    expect(count(budget)).toBe(3);
  });

  test("comes back with time, in pieces as well", () => {
    const budget = new Budget(10, 1000);
    budget.at(5000);
    budget.take(10);
    for (let time = 5000; time <= 5250; time += 50) budget.at(time);
    expect(budget.take()).toBe(true);
    expect(budget.take()).toBe(true);
    budget.at(5300);
    expect(budget.take()).toBe(true);
    expect(budget.take()).toBe(false);
  });

  test("comes back whole after its time, and is never larger", () => {
    const budget = new Budget(10, 1000);
    budget.at(1);
    budget.take(10);
    budget.at(1001);
    budget.giveBack(100);
    budget.at(90_000);
    expect(count(budget)).toBe(10);
  });
});
