import { describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { FLAVOUR } from "../../support/flavour.ts";
import { get, getUntil } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";

/** One router and one service for each module, by the first part of the path. */
function dynamic(names: readonly string[]): string {
  return JSON.stringify({
    http: {
      routers: Object.fromEntries(
        names.map((name) => [name, { rule: `PathPrefix(\`/${name}\`)`, service: name }]),
      ),
      services: Object.fromEntries(
        names.map((name) => [name, { handler: { module: `./${name}.ts` } }]),
      ),
    },
  });
}

const start = (modules: Readonly<Record<string, string>>, more: Record<string, string> = {}) =>
  startRouter({
    providers: "  providersThrottleDuration: 50ms",
    dynamic: dynamic(Object.keys(modules)),
    files: {
      ...Object.fromEntries(Object.entries(modules).map(([name, text]) => [`${name}.ts`, text])),
      ...more,
    },
  });

test("packages that handlers are written with resolve without an installation", async () => {
  // Deno takes them from the import map of its task "start"; the tests run it without.
  if (FLAVOUR === "deno") return;
  const modules: Record<string, string> = {
    hono: `
      import { Hono } from "hono";
      import { cors } from "hono/cors";
      import { z } from "zod";
      import { greeting } from "./greeting.ts";
      const app = new Hono();
      app.use(cors());
      app.get("/hono/:name", (c) => c.text(greeting(z.string().parse(c.req.param("name")))));
      export default app;
    `,
    itty: `
      import { AutoRouter } from 'itty-router';
      const router = AutoRouter();
      router.get("/itty/:name", ({ params }) => params.name);
      export default { ...router };
    `,
    words: `
      export default { fetch: () => new Response('import x from "hono" is text here') };
    `,
  };
  await using router = await start(modules, {
    "greeting.ts": "export const greeting = (name: string) => `hello ${name}`;\n",
  });
  const hono = await get(router.port, "/hono/ada", ["Origin: http://other.test"]);
  expect([hono.text, hono.header("access-control-allow-origin")]).toEqual(["hello ada", "*"]);
  expect((await get(router.port, "/itty/ada")).text).toBe('"ada"');
  expect((await get(router.port, "/words")).text).toBe('import x from "hono" is text here');
});

test("a package that is installed beside a module counts", async () => {
  // On Deno an import map is for all modules alike.
  if (FLAVOUR === "deno") return;
  const own = `import { Hono } from "hono";\nexport default { fetch: () => new Response(Hono) };\n`;
  await using router = await start(
    { own },
    {
      "node_modules/hono/package.json": '{"name":"hono","main":"index.js","type":"module"}',
      "node_modules/hono/index.js": 'export const Hono = "installed";\n',
    },
  );
  expect((await get(router.port, "/own")).text).toBe("installed");
});

describe("a module that can't be loaded", () => {
  const modules: Record<string, string> = {
    syntax: "export const a = 1;\nexport default { fetch( { return 1 } };\n",
    throwing:
      "\nexport const value = (undefined as unknown as { b: string })\n  .b;\nexport default {};\n",
    relative: 'export default {};\nimport { x } from "./nowhere.ts";\nx();\n',
    bare: 'import x from "no-such-package-at-all";\nexport default { fetch: () => x };\n',
    fine: 'export default { fetch: () => new Response("fine") };\n',
  };

  test("says file, line and column, and where a missing one was looked for", async () => {
    await using router = await start(modules);
    expect((await get(router.port, "/fine")).text).toBe("fine");
    const { directory } = router.program;
    await router.program.logged(/syntax\.ts:2:\d+: /);
    await router.program.logged(/throwing\.ts:[23]:\d+: TypeError/);
    await router.program.logged(/relative\.ts:2:\d+: cannot find module/);
    await router.program.logged(/bare\.ts:1:\d+: cannot find module/);
    const { log } = router.program;
    expect(log).toContain(`looked for ${directory}/nowhere.ts`);
    expect(log).toContain(`looked for ${directory}/node_modules/no-such-package-at-all`);
    for (const name of ["syntax", "throwing", "relative", "bare"])
      expect((await get(router.port, `/${name}`)).status).toBe(404);
  });

  test("leaves the last good one in service, until it is right", async () => {
    const text = (word: string) => `export default { fetch: () => new Response("${word}") };\n`;
    await using router = await start({ app: text("first") });
    expect((await get(router.port, "/app")).text).toBe("first");
    await router.program.write("app.ts", "export default { fetch( };\n");
    await router.program.logged(/app\.ts:1:\d+: /);
    expect((await get(router.port, "/app")).text).toBe("first");
    await router.program.write("app.ts", text("third"));
    await getUntil(router.port, "/app", (response) => response.text === "third");
  });
});

test("fetch(upstream) of a compressed answer is what it says it is", async () => {
  const text = "hello ".repeat(500);
  const server = createServer((request, response) => {
    const coding = request.url === "/br" ? "br" : "gzip";
    const body = coding === "br" ? brotliCompressSync(text) : gzipSync(text);
    response.writeHead(200, { "content-encoding": coding, "content-length": body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const relay = `
      export default {
        async fetch(request) {
          const { pathname } = new URL(request.url);
          const fetched = await fetch("http://127.0.0.1:${port}" + pathname.slice(6));
          return pathname.includes("made") ? new Response(fetched.body, fetched) : fetched;
        },
      };
    `;
    await using router = await start({ relay });
    for (const path of ["/relay/gzip", "/relay/br", "/relay/made/gzip"]) {
      const response = await get(router.port, path);
      expect(response.text).toBe(text);
      expect(response.header("content-encoding")).toBeUndefined();
    }
  } finally {
    server.close();
  }
});

test("a request and its clone are both read, and the client's address is in X-Forwarded-For", async () => {
  const clone = `
    export default {
      async fetch(request) {
        const copy = request.clone();
        const texts = await Promise.all([request.text(), copy.text()]);
        return Response.json([...texts, request.headers.get("x-forwarded-for")]);
      },
    };
  `;
  await using router = await start({ clone });
  using client = await router.client();
  const response = await client.request(
    "POST /clone HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  );
  expect(JSON.parse(response.text)).toEqual(["hello", "hello", "127.0.0.1"]);
});

test("a module is loaded anew when a file changes that it imports, or that such a file imports", async () => {
  const word = (text: string) => `export const word: string = "${text}";\n`;
  await using router = await start(
    {
      app: `
        import { greeting } from "./parts/greeting.ts";
        export default { fetch: () => new Response(greeting()) };
      `,
    },
    {
      "parts/greeting.ts":
        'import { word } from "../word.ts";\nexport const greeting = () => "hello " + word;\n',
      "word.ts": word("first"),
    },
  );
  expect((await get(router.port, "/app")).text).toBe("hello first");
  await router.program.write("word.ts", word("second"));
  await getUntil(router.port, "/app", ({ text }) => text === "hello second");
  await router.program.write(
    "parts/greeting.ts",
    'import { word } from "../word.ts";\nexport const greeting = () => "good day " + word;\n',
  );
  await getUntil(router.port, "/app", ({ text }) => text === "good day second");
  await router.program.write("word.ts", "export const word = ;\n");
  await router.program.logged(/word\.ts:1:\d+: /);
  expect((await get(router.port, "/app")).text).toBe("good day second");
});
