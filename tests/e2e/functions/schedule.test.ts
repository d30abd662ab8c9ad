import { expect, test } from "bun:test";
import { get, getUntil } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";

const MODULE = `
export default {
  async fetch(request, { KV }) {
    return new Response(await KV.get("runs") ?? "none");
  },
  async scheduled({ cron, scheduledTime }, { KV, WORD }, context) {
    const runs = Number(await KV.get("runs") ?? 0) + 1;
    await KV.put("runs", String(runs));
    console.log(WORD, cron, new Date(scheduledTime).toISOString());
    if (runs === 2) throw new Error("on purpose");
    context.waitUntil(new Promise((resolve) => setTimeout(resolve, 300)).then(() => console.log("left: done")));
  },
};
`;

const DYNAMIC = `
http:
  routers: { all: { rule: PathPrefix(\`/\`), service: module } }
  services:
    module:
      handler:
        module: ./module.js
        kv: { path: ./runs.kv }
        env: { WORD: scheduled }
        schedule: ["* * * * * *"]
        timeZone: Europe/Berlin
`;

test("a module is called at its times, its failures are logged, and a shutdown waits for it", async () => {
  await using router = await startRouter({ dynamic: DYNAMIC, files: { "module.js": MODULE } });
  await getUntil(router.port, "/", ({ text }) => Number(text) >= 3);
  await router.program.logged(/A scheduled run failed serviceName=module@file .*on purpose/);
  await router.program.logged(/scheduled \* \* \* \* \* \* \d{4}-\d\d-\d\dT/);
  const before = Number((await get(router.port, "/")).text);
  expect(await router.program.stop()).toBe(0);
  const { log } = router.program;
  const begun = log.match(/scheduled \* \*/g)!.length;
  expect(begun).toBeGreaterThanOrEqual(before);
  // All but the one that threw.
  expect(log.match(/left: done/g)).toHaveLength(begun - 1);
});
