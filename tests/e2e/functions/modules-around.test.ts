import { expect, test } from "bun:test";
import { get, getUntil } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";

const SECRET = "s3cret-value";

const MODULE = `
let gone = "nothing";
export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/wait":
        gone = "waiting";
        return new Promise(() => {
          request.signal.addEventListener("abort", () => {
            const { reason } = request.signal;
            gone = reason.name + " " + (reason instanceof DOMException);
          });
        });
      case "/gone": return new Response(gone);
      case "/env": return Response.json(env);
      case "/cache": {
        const cache = await caches.open("test");
        const key = new Request("http://cache.test/" + crypto.randomUUID());
        await cache.put(key, new Response("kept"));
        return (await cache.match(key)) ?? new Response("lost");
      }
      case "/shown": {
        console.log(request, request.headers, { request }, context, env);
        console.error("%o %O", request, request.headers);
        console.log(JSON.stringify([request, request.headers.count, { ...request }, context]));
        console.log(JSON.stringify(structuredClone({ ...request, ...context })), String(request));
        console.log("all shown");
        return new Response(request.headers.get("authorization"));
      }
      case "/throws":
        throw new Error("failed with " + request.method, { cause: request });
      case "/words":
        return new Response(new ReadableStream({ start(c) { c.enqueue(7); c.close(); } }));
      case "/breaks":
        return new Response(new ReadableStream({ pull() { throw new Error("on purpose"); } }));
      case "/later":
        context.waitUntil(new Promise((resolve) => setTimeout(resolve, 600)).then(() => console.log("left behind: done")));
        return new Response("answered");
    }
    return new Response("ready");
  },
};
`;

const start = () =>
  startRouter({
    workers: 1,
    dynamic: `
http:
  routers: { all: { rule: PathPrefix(\`/\`), service: module } }
  services:
    module:
      handler:
        module: ./module.js
        env: { GREETING: hello, TOKEN: "{env:SLUICE_TEST_TOKEN}", BOTH: "a-{env:SLUICE_TEST_TOKEN}" }
`,
    files: { "module.js": MODULE },
    env: { SLUICE_TEST_TOKEN: SECRET },
    static: "log: { level: DEBUG }",
  });

test("a module hears of a client that went away as the standard says", async () => {
  await using router = await start();
  const client = await router.client();
  await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n".replaceAll("\\\r\\\n", "\r\n"));
  await getUntil(router.port, "/gone", ({ text }) => text === "waiting");
  client.reset();
  await getUntil(router.port, "/gone", ({ text }) => text === "AbortError true");
});

test("variables come from the configuration, the environment and nowhere else, and are never shown", async () => {
  await using router = await start();
  const answer = await get(router.port, "/env");
  expect(JSON.parse(answer.text)).toEqual({
    GREETING: "hello",
    TOKEN: SECRET,
    BOTH: `a-${SECRET}`,
  });
  expect(router.program.log).not.toContain(SECRET);
});

test("the Cache API is there, and a stream that breaks is logged with the module's name", async () => {
  await using router = await start();
  expect((await get(router.port, "/cache")).text).toBe("kept");
  using client = await router.client();
  await client.send("GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n".replaceAll("\\\r\\\n", "\r\n"));
  await router.program.logged(/The body of a module's response broke off.*module\.js.*on purpose/);
});

test("a shutdown waits for what waitUntil was given", async () => {
  await using router = await start();
  expect((await get(router.port, "/later")).text).toBe("answered");
  expect(await router.program.stop()).toBe(0);
  expect(router.program.log).toContain("left behind: done");
});

test("what a module logs of a request shows no credentials and no cookies", async () => {
  await using router = await start();
  const fields = [`Authorization: Bearer ${SECRET}-1`, `Cookie: session=${SECRET}-2`];
  expect((await get(router.port, "/shown", fields)).text).toBe(`Bearer ${SECRET}-1`);
  await router.program.logged("all shown");
  expect((await get(router.port, "/throws", fields)).status).toBe(500);
  await router.program.logged("failed with GET");
  for (const secret of [`${SECRET}-1`, `${SECRET}-2`])
    expect(router.program.log).not.toContain(secret);
  for (const inner of ["headerList", "downstream", "startedAt"])
    expect(router.program.log).not.toContain(inner);
});

test("what a module throws is logged with its file, line and column", async () => {
  await using router = await start();
  const line = MODULE.split("\n").findIndex((text) => text.includes("failed with")) + 1;
  expect((await get(router.port, "/throws")).status).toBe(500);
  await router.program.logged(new RegExp(`module\\.js[^ ]*:${line}:\\d+`));
  using client = await router.client();
  await client.send("GET /words HTTP/1.1\r\nHost: a\r\n\r\n");
  await router.program.logged(/The body of a module's response broke off.*module\.js/);
});
