import { expect, test } from "bun:test";
import { BUNDLED_PACKAGES } from "../../../runtime/bun/bundled-packages.ts";

/** Other platforms, types alone, and patterns, which stand for any number of entries. */
const LEFT_OUT =
  /^hono\/(types|cloudflare-workers|cloudflare-pages|deno|aws-lambda|vercel|netlify|lambda-edge|service-worker)$|\*|package\.json$/;

test("every entry of the packages that handlers are written with is bundled, and can be loaded", async () => {
  const expected: string[] = [];
  for (const name of ["hono", "itty-router", "zod"]) {
    const { exports } = await import(`../../../node_modules/${name}/package.json`);
    expected.push(...Object.keys(exports).map((key) => name + key.slice(1)));
  }
  expect(Object.keys(BUNDLED_PACKAGES)).toEqual(expected.filter((name) => !LEFT_OUT.test(name)));
  for (const [name, load] of Object.entries(BUNDLED_PACKAGES))
    expect([name, typeof (await load())]).toEqual([name, "object"]);
});
