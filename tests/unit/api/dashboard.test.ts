import { expect, test } from "bun:test";
import { DASHBOARD_FILES, dashboardAnswer } from "../../../src/api/dashboard/dashboard.ts";

const MOST_BYTES = 150 * 1024;

test("the dashboard is small, and every module that it imports is served", () => {
  let size = 0;
  for (const [name, [type, text]] of Object.entries(DASHBOARD_FILES)) {
    size += Bun.gzipSync(text).length;
    if (!type.startsWith("text/javascript")) continue;
    for (const [, specifier] of text.matchAll(/from "([^"]+)"/g)) {
      const { pathname } = new URL(specifier, `http://x/${name}`);
      expect(Object.keys(DASHBOARD_FILES)).toContain(pathname.slice(1));
    }
  }
  expect(size).toBeLessThan(MOST_BYTES);
});

test("it answers where it stands, and nowhere else", () => {
  const status = (path: string, basePath = "", stripped = false) =>
    dashboardAnswer(path, basePath, "", stripped)?.status;
  expect(status("/dashboard/")).toBe(200);
  expect(status("/dashboard")).toBe(302);
  expect(status("/x/dashboard/pages/list.browser.js", "/x")).toBe(200);
  expect(status("/dashboard/", "/x")).toBeUndefined();
  expect(status("/dashboard/none.js")).toBeUndefined();
  expect(status("/dashboard/constructor")).toBeUndefined();
  expect([status("/", "", true), status("/dashboard/style.css", "", true)]).toEqual([200, 200]);
  expect(dashboardAnswer("/", "", "/behind")?.headers.get("Location")).toBe("/behind/dashboard/");
  expect(dashboardAnswer("/", "", "//evil.test")?.headers.get("Location")).toBe("/dashboard/");
});
