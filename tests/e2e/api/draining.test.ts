import { expect, test } from "bun:test";
import { get, getUntil } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

test("a server is drained in all workers, over a reload, and gets requests again", async () => {
  using one = startUpstream(answering(plain("one")));
  using two = startUpstream(answering(plain("two")));
  const dynamic = (more = "") => `http:
  routers:
    app: { rule: PathPrefix(\`/app\`), service: app }
    api: { rule: PathPrefix(\`/api\`), service: api@internal }
${more}
  services:
    app: { loadBalancer: { servers: [{ url: "${one.url}" }, { url: "${two.url}" }] } }
`;
  await using router = await startRouter({
    static: "api: { allowChanges: true }\ncore: { workers: 2 }",
    dynamic: dynamic(),
  });
  const { port } = router;
  const drain = (method: string, server = one.url) =>
    get(port, `/api/http/services/app@file/servers/drain?url=${server}`, [], method);
  const states = async () =>
    JSON.parse((await get(port, "/api/http/services/app@file")).text).serverStatus;
  /** Requests over connections of their own, which any worker takes. */
  const texts = async () => {
    const all = await Promise.all(Array.from({ length: 24 }, () => get(port, "/app")));
    return [...new Set(all.map(({ text }) => text))].sort();
  };
  expect((await drain("PUT", "http://other.test")).status).toBe(404);
  expect((await drain("PUT")).status).toBe(200);
  await waitFor("all workers to know", async () => (await texts()).join() === "two");
  expect(await states()).toEqual({ [one.url]: "DRAINING", [two.url]: "UP" });
  await router.reconfigure(dynamic("    fresh: { rule: PathPrefix(`/fresh`), service: app }"));
  await getUntil(port, "/fresh", ({ status }) => status === 200);
  expect(await texts()).toEqual(["two"]);
  expect((await drain("DELETE")).status).toBe(200);
  await waitFor("both servers", async () => (await texts()).join() === "one,two");
  expect(await states()).toEqual({ [one.url]: "UP", [two.url]: "UP" });
});
