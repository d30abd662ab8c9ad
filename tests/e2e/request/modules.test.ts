import { expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { get, getUntil } from "../../support/http/get.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import { startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { echoing } from "../../support/sockets/upstream-scripts.ts";

const library = (name: string) => JSON.stringify(join(ROOT, "node_modules", name));

const HONO = `
import { Hono } from ${library("hono/dist/index.js")};
const app = new Hono();
app.get("/hono/user/:id", (c) => c.json({ id: c.req.param("id"), agent: c.req.header("user-agent") }));
app.post("/hono/sum", async (c) => c.text(String((await c.req.json()).reduce((a, b) => a + b))));
export default app;
`;

const ITTY = `
import { AutoRouter } from ${library("itty-router/index.mjs")};
const router = AutoRouter();
router.get("/itty/:name", ({ params, query }) => ({ hello: params.name, query }));
export default { ...router };
`;

const PLAIN = `
interface Env { readonly nothing?: never }
const encoder = new TextEncoder();
export default {
  async fetch(request: Request, env: Env, context: { waitUntil(work: Promise<unknown>): void }): Promise<Response> {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/plain/throw":
        throw new Error("on purpose");
      case "/plain/reject":
        return Promise.reject(new Error("later, on purpose"));
      case "/plain/nothing":
        return undefined as never;
      case "/plain/101":
        return new Response(null, { status: 101 });
      case "/plain/late":
        context.waitUntil(Promise.reject(new Error("left behind")));
        setTimeout(() => { throw new Error("outside of everything"); }, 1);
        return new Response("late");
      case "/plain/copy": {
        const copy = new Request(request, { headers: { ...Object.fromEntries(request.headers), "x-added": "1" } });
        return new Response([copy.method, copy.headers.get("x-added"), copy.headers.get("x-real-ip"), await copy.text()].join());
      }
      case "/plain/proxy":
        return fetch(new Request("http://127.0.0.1:" + url.searchParams.get("port") + "/from-module", request));
      case "/plain/forward":
        return fetch(request);
      case "/plain/echo":
        return new Response(request.body, { headers: { "content-type": "application/octet-stream" } });
      case "/plain/count": {
        let bytes = 0;
        for await (const chunk of request.body!) bytes += chunk.length;
        return Response.json({ bytes });
      }
      case "/plain/stream": {
        let step = 0;
        return new Response(new ReadableStream({
          async pull(controller) {
            controller.enqueue(encoder.encode("part " + ++step + "\\n"));
            if (step === 3) controller.close();
            else await new Promise((resolve) => setTimeout(resolve, 5));
          },
        }));
      }
    }
    return new Response("plain " + request.method + " " + url.href + " " + (request instanceof Request));
  },
};
`;

const FILES = {
  "handlers/hono.js": HONO,
  "handlers/itty.mjs": ITTY,
  "handlers/deep/plain.ts": PLAIN,
  "handlers/function.ts": "export default () => new Response('a function');\n",
  "handlers/wrong.ts": "export const nothing = 1;\n",
};

const MODULES: Record<string, string> = {
  hono: "./hono.js",
  itty: "../handlers/itty.mjs",
  plain: "deep/plain.ts",
  function: "./function.ts",
  wrong: "./wrong.ts",
  missing: "./missing.ts",
};

function dynamic(modules: Record<string, string> = MODULES): string {
  const names = Object.keys(modules);
  return JSON.stringify({
    http: {
      routers: Object.fromEntries(
        names.map((name) => [name, { rule: `PathPrefix(\`/${name}\`)`, service: name }]),
      ),
      services: Object.fromEntries(
        names.map((name) => [name, { handler: { module: modules[name] } }]),
      ),
    },
  });
}

/** The paths of modules are relative to the file that names them, in a directory of its own. */
const start = (files: Record<string, string> = FILES, text = dynamic()) =>
  startRouter({
    // What a module keeps is one worker's.
    workers: 1,
    dynamic: "http: {}",
    provider: "    filename: handlers/dynamic.json",
    files: { ...files, "handlers/dynamic.json": text },
  });

test("Hono, itty-router and plain modules serve; one that can't be loaded disables only itself", async () => {
  await using router = await start();
  const { port } = router;
  expect(JSON.parse((await get(port, "/hono/user/42", ["User-Agent: test"])).text)).toEqual({
    id: "42",
    agent: "test",
  });
  using client = await router.client();
  const sum = await client.request(
    "POST /hono/sum HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n[1,2,3]",
  );
  expect(sum.text).toBe("6");
  expect((await get(port, "/hono/none")).status).toBe(404);
  expect(JSON.parse((await get(port, "/itty/ada?q=1")).text)).toEqual({
    hello: "ada",
    query: { q: "1" },
  });
  const plain = await get(port, "/plain/x?y", ["Host: app.test:8080"]);
  expect(plain.text).toBe("plain GET http://app.test:8080/plain/x?y true");
  expect((await get(port, "/function")).text).toBe("a function");
  for (const name of ["wrong", "missing"]) {
    expect((await get(port, `/${name}`)).status).toBe(404);
    await router.program.logged(`routerName=${name}@file`);
  }
  expect(router.program.log).toContain("only the exports nothing");
  expect(router.program.log).toMatch(/missing\.ts: there is no such file/);
});

test("what a module throws is a logged 500 and the process lives", async () => {
  await using router = await start();
  const { port, program } = router;
  for (const path of ["throw", "reject", "nothing"]) {
    const response = await get(port, `/plain/${path}`);
    expect([response.status, response.text]).toEqual([500, "Internal Server Error\n"]);
  }
  expect((await get(port, "/plain/late")).text).toBe("late");
  await program.logged(/on purpose/);
  await program.logged(/later, on purpose/);
  await program.logged(/fetch gave undefined, expected a Response/);
  await program.logged(/outside of everything/);
  expect((await get(port, "/plain/still")).status).toBe(200);
  expect(program.exitCode).toBeNull();
});

test("a module copies its request and passes it on with fetch", async () => {
  using upstream = startUpstream(echoing());
  await using router = await start();
  using client = await router.client();
  const post = (path: string) =>
    client.request(`POST ${path} HTTP/1.1\r\nHost: a\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody`);
  expect((await post("/plain/copy")).text).toBe("POST,1,127.0.0.1,body");
  const proxied = JSON.parse((await post(`/plain/proxy?port=${upstream.port}`)).text);
  expect(proxied).toMatchObject({ method: "POST", target: "/from-module", body: "body" });
  expect(upstream.requests[0].header("x-a")).toBe("b");
  await client.send(
    `PUT /plain/forward HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\nContent-Length: 2\r\n\r\nhi`,
  );
  const forwarded = JSON.parse((await client.response()).text);
  expect(forwarded).toMatchObject({ method: "PUT", target: "/plain/forward", body: "hi" });
});

test("bodies stream both ways", async () => {
  await using router = await start();
  using client = await router.client();
  const stream = await client.request("GET /plain/stream HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(stream.text).toBe("part 1\npart 2\npart 3\n");

  // What goes in comes out before the request has ended.
  await client.send(
    "POST /plain/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n",
  );
  await client.readUntil("\r\n\r\n");
  await client.readUntil("one");
  await client.send("3\r\ntwo\r\n0\r\n\r\n");
  await client.readUntil("two");
  await client.readUntil("0\r\n\r\n");

  using other = await RawClient.connect(router.port);
  const size = 8 * 1024 * 1024;
  other.offer(`POST /plain/count HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
  other.offer(new Uint8Array(size));
  expect(JSON.parse((await other.response("POST")).text)).toEqual({ bytes: size });
});

test("a changed module is loaded afresh, the others are kept", async () => {
  const text = (word: string) =>
    `let count = 0; export default () => new Response("${word} " + ++count);\n`;
  const modules = { changing: "../other/changing.ts", steady: "./steady.ts" };
  await using router = await start(
    { "other/changing.ts": text("before"), "handlers/steady.ts": text("steady") },
    dynamic(modules),
  );
  const { port, program } = router;
  expect((await get(port, "/changing")).text).toBe("before 1");
  expect((await get(port, "/steady")).text).toBe("steady 1");
  await program.write("other/changing.ts", text("after"));
  await getUntil(port, "/changing", (response) => response.text.startsWith("after"));
  // One that doesn't load leaves the last good one, and the next one is loaded again.
  await program.write("other/changing.ts", "export const nothing = 0;");
  await program.logged(/only the exports nothing.*goes on as it last worked/);
  expect((await get(port, "/changing")).text).toStartWith("after");
  await program.write("other/changing.ts", text("again"));
  await getUntil(port, "/changing", (response) => response.text.startsWith("again"));
  expect((await get(port, "/steady")).text).toBe("steady 2");
});

test("a module's 101 that no client asked for is a 500, and its connection goes on", async () => {
  await using router = await start();
  using client = await router.client();
  const ask = async (path: string) =>
    (await client.request(`GET ${path} HTTP/1.1\r\nHost: app.test\r\n\r\n`)).status;
  expect([await ask("/plain/101"), await ask("/plain/x")]).toEqual([500, 200]);
  const http2 = await RawHttp2.connect(router.port);
  const answers = new Http2Answers(http2);
  const statuses: number[] = [];
  for (const [stream, path] of [
    [1, "/plain/101"],
    [3, "/plain/x"],
  ] as const) {
    const whole = Flag.endHeaders | Flag.endStream;
    await http2.send(frame(FrameType.headers, whole, stream, request(path)));
    statuses.push((await answers.of(stream)).status);
  }
  http2.reset();
  expect(statuses).toEqual([500, 200]);
});
