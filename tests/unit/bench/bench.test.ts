import { describe, expect, test } from "bun:test";
import { coresOf } from "../../../bench/measure/pinning.ts";
import { figure, goal, median, ratio } from "../../../bench/report/figures.ts";
import { resultTables } from "../../../bench/report/tables.ts";
import { manyRoutes } from "../../../bench/scenario/many-routes.ts";
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
    const known = ["small", "reload"];
    expect(readSettings([], known)).toMatchObject({
      rows: known,
      rounds: 5,
      seconds: 6,
      sluice: "bun",
      proxies: ["sluice", "nginx", "haproxy", "caddy"],
      write: false,
    });
    expect(readSettings(["--quick", "small", "--proxies=nginx"], known)).toMatchObject({
      rows: ["small"],
      rounds: 3,
      proxies: ["sluice", "nginx"],
    });
    const environment = { SLUICE_BASE: "/before", TRAEFIK: "/traefik" };
    expect(readSettings([], known, environment)).toMatchObject({
      proxies: ["sluice", "base", "nginx", "haproxy", "caddy", "traefik"],
      base: "/before",
      traefik: "/traefik",
    });
    for (const wrong of [
      "--rounds=0",
      "--rounds",
      "--quick=1",
      "--fast",
      "--proxies=squid",
      "large",
    ]) {
      expect(() => readSettings([wrong], known)).toThrow("bun run bench");
    }
  });

  test("a list of cores has ranges and single ones", () => {
    expect(coresOf("0-2,5")).toEqual([0, 1, 2, 5]);
    expect(coresOf("3")).toEqual([3]);
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
