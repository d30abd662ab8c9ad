import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";

const MODULE = `
export default {
  async fetch(request, { KV }) {
    const url = new URL(request.url);
    const key = url.pathname.slice(1);
    const value = url.searchParams.get("put");
    if (value !== null) await KV.put(key, value, { expirationTtl: 600, metadata: { of: key } });
    const { keys } = await KV.list({ prefix: "" });
    return Response.json([await KV.get(key), keys.map(({ name }) => name)]);
  },
};
`;

const DYNAMIC = `
http:
  routers: { all: { rule: PathPrefix(\`/\`), service: module } }
  services: { module: { handler: { module: ./module.js, kv: { path: ./data/notes.kv } } } }
`;

test("env.KV keeps what modules put, for all workers and beyond the router's end", async () => {
  const files = { "module.js": MODULE };
  await using router = await startRouter({ dynamic: DYNAMIC, files });
  for (const [path, answer] of [
    ["/a?put=1", ["1", ["a"]]],
    ["/b?put=2", ["2", ["a", "b"]]],
    ["/a", ["1", ["a", "b"]]],
  ] as const)
    expect(JSON.parse((await get(router.port, path)).text)).toEqual(answer);
  const { directory } = router.program;
  router.program.signal("SIGTERM");
  expect(await router.program.exited()).toBe(0);
  await using again = await startRouter({
    dynamic: DYNAMIC.replace("./data", `${directory}/data`),
    files,
  });
  expect(JSON.parse((await get(again.port, "/a")).text)).toEqual(["1", ["a", "b"]]);
});
