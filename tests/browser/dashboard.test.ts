import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { get } from "../support/http/get.ts";
import { waitFor } from "../support/wait-for.ts";
import { type Scene, startScene, tabTo } from "./dashboard-scene.ts";

const PAGES = [
  "",
  "#/http/routers",
  "#/http/routers/broken%40file",
  "#/http/services/shop%40file",
  "#/http/middlewares/strip%40file",
  "#/entrypoints",
  "#/entrypoints/web",
  "#/certificates",
  "#/providers",
  "#/activity",
  "#/search?q=shop",
  "#/explain?url=http%3A%2F%2Fshop.test%2Fcart%2F7&entryPoint=web",
];

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

const heading = (page: Page, name: string) =>
  page.getByRole("heading", { level: 1, name }).waitFor();
const seen = (page: Page, text: string) => page.getByText(text).first().waitFor();

/** Another page of the dashboard, completely there. */
async function turnTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    document.querySelector("main")?.setAttribute("aria-busy", "true");
    location.hash = to || "#/";
    dispatchEvent(new HashChangeEvent("hashchange"));
  }, hash);
  await page.locator("main:not([aria-busy])").waitFor();
}

describe("by the keyboard alone", () => {
  test("a router is searched for, and its error seen", async () => {
    await using window = await scene.open();
    const { page, complaints } = window;
    await heading(page, "Overview");
    await page.keyboard.press("/");
    await page.keyboard.type("broken.te");
    await heading(page, "Search: broken.te");
    await seen(page, "1 found");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await heading(page, "broken@file");
    await seen(page, 'the service "nowhere@file" does not exist');
    expect(
      await page.getByRole("list", { name: "The way of broken@file" }).textContent(),
    ).toContain("nowhere@file");
    expect(complaints).toEqual([]);
  });

  test("a 404 is explained", async () => {
    await using window = await scene.open();
    const { page, complaints } = window;
    await heading(page, "Overview");
    await tabTo(page, "Explain");
    await page.keyboard.press("Enter");
    await heading(page, "Explain a request");
    await tabTo(page, "Address");
    await page.keyboard.type(`http://shop.test:${scene.router.port}/cart/7`);
    await page.keyboard.press("Enter");
    await seen(page, "404: no router takes it");
    await seen(page, "PathPrefix(`/cart`) would match");
    await tabTo(page, "shop@file");
    await page.keyboard.press("Enter");
    await heading(page, "shop@file");
    expect(complaints).toEqual([]);
  });
});

test("a function's processes are there", async () => {
  await using window = await scene.open({}, "#/http/services/function@file");
  const row = window.page.getByRole("region", { name: "Instances" }).getByRole("row").nth(1);
  const text = await waitFor("a process that is ready", async () => {
    const found = await row.textContent();
    return found?.includes("ready") && found;
  });
  expect(text).toMatch(/^0ready[1-9]\d*0\d+ MiB\d+\.\d s[\d.]+ ms$/);
  expect(window.complaints).toEqual([]);
});

test("a router's rate moves with its requests", async () => {
  await using window = await scene.open({}, "#/http/routers/shop%40file");
  const { page } = window;
  const { port } = scene.router;
  const rate = page.locator("#rate");
  let going = true;
  const requests = (async () => {
    while (going) await get(port, "/cart", ["Host: shop.test"]);
  })();
  try {
    await waitFor("a rate", async () => /[1-9]/.test((await rate.textContent()) ?? ""), 30_000);
    const chart = page.getByRole("img", { name: /^Requests per second: now all [1-9]/ });
    await chart.waitFor();
  } finally {
    going = false;
    await requests;
  }
  await waitFor("the rate to end", async () => (await rate.textContent()) === "0.00", 30_000);
});

test("ten thousand routers come page by page", async () => {
  await using window = await scene.open({}, "#/http/routers");
  const { page } = window;
  await seen(page, "10,005 found");
  expect(await page.getByRole("row").count()).toBe(26);
  await page.locator("#status").selectOption("disabled");
  await seen(page, "1 found");
  await page.locator("#status").selectOption("");
  await page.getByLabel("Name or rule").fill("h99");
  await seen(page, "111 found");
  await page.getByRole("link", { name: "Next" }).click();
  await seen(page, "Page 2 of 5");
  expect(page.url()).toContain("search=h99");
});

describe("on a phone's screen", () => {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };

  test("a router is found in the menu, and its error seen", async () => {
    await using window = await scene.open(phone);
    const { page, complaints } = window;
    await heading(page, "Overview");
    await page.getByText("Menu").tap();
    await page.getByRole("link", { name: "HTTP routers", exact: true }).tap();
    await heading(page, "HTTP routers");
    await page.getByLabel("Name or rule").fill("broken");
    await page.getByRole("link", { name: "broken@file" }).tap();
    await heading(page, "broken@file");
    await seen(page, 'the service "nowhere@file" does not exist');
    expect(complaints).toEqual([]);
  });

  test("no page is wider than the screen", async () => {
    await using window = await scene.open(phone);
    const { page } = window;
    for (const hash of PAGES) {
      await turnTo(page, hash);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([hash, wide]).toEqual([hash, 360]);
    }
  });
});

test.each(["light", "dark"] as const)("axe finds nothing in %s colours", async (colorScheme) => {
  await using window = await scene.open({ colorScheme });
  const { page, complaints } = window;
  // Not by a script's tag, which the page's policy forbids.
  await page.evaluate(axe.source);
  for (const hash of PAGES) {
    await turnTo(page, hash);
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
      const { violations } = await axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
    expect([hash, found, complaints]).toEqual([hash, [], []]);
  }
});
