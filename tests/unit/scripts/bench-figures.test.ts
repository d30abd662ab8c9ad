import { describe, expect, test } from "bun:test";
import { figure, goal, median, ratio } from "../../../bench/figures.ts";
import { manyRoutes } from "../../../bench/many-routes.ts";
import { resultTables } from "../../../bench/report.ts";
import { readSettings } from "../../../bench/settings.ts";

describe("the bench", () => {
  test("medians and figures", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow();
    expect([figure(0.213), figure(19.66), figure(1043.4)]).toEqual(["0.21", "19.7", "1043"]);
    expect(ratio(10, 8)).toBe("1.25");
    expect(goal("at most 1", false)).toBe("at most 1: missed");
  });

  test("flags", () => {
    expect(readSettings([])).toMatchObject({ rounds: 5, seconds: 4, sluice: "bun", write: true });
    expect(readSettings(["--quick", "--only=small,reload"])).toMatchObject({
      only: ["small", "reload"],
      rounds: 2,
      write: false,
    });
    for (const wrong of [
      "--only=nothing",
      "--rounds=0",
      "--rounds",
      "--quick=1",
      "--fast",
      "small",
    ]) {
      expect(() => readSettings([wrong])).toThrow("bun run bench");
    }
  });

  test("many routes are all different", () => {
    for (const count of [10, 10_000]) {
      const routes = manyRoutes(count).map(({ host, prefix }) => host + prefix);
      expect(new Set(routes).size).toBe(count);
    }
  });

  test("results of one heading share a table", () => {
    const line = (name: string) => ({ heading: "H", columns: ["a"], lines: [[name]] });
    expect(resultTables([line("x"), line("longer")])).toBe(
      "### H\n\n| a      |\n|--------|\n| x      |\n| longer |\n",
    );
  });
});
