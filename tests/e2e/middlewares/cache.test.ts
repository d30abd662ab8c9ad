import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { get } from "../../support/http/get.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { RecordingUpstream } from "../../support/sockets/recording-upstream.ts";
import { waitFor } from "../../support/wait-for.ts";

/* One program with two workers, each with a memory of its own: what is forgotten is forgotten in both. */

let answers = 0;
const upstream = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (request.method !== "GET") return new Response(null, { status: 204 });
    answers++;
    const headers = { "Cache-Control": "max-age=600", ETag: `"${answers}"` };
    if (pathname === "/big") return new Response(new Uint8Array(4_000_000), { headers });
    return new Response(`version ${answers}`, { headers });
  },
});
const cutting = new RecordingUpstream(async (connection) => {
  await connection.request();
  answers++;
  const head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 100\r\n\r\n";
  await connection.send(`${head}cut`);
  connection.close();
});

const folder = mkdtempSync(join(tmpdir(), "sluice-cache-e2e-"));

const dynamic = (more = "") => `
http:
  routers:
    all: { rule: PathPrefix(\`/\`), service: backend, middlewares: [cached], entryPoints: [web] }
    cut: { rule: PathPrefix(\`/cut\`), service: cutting, middlewares: [cached], entryPoints: [web] }
    kept: { rule: PathPrefix(\`/kept\`), service: backend, middlewares: [on-disk], entryPoints: [web] }
    ${more}
  middlewares:
    cached: { cache: { maxObjectBytes: 5000000 } }
    on-disk: { cache: { disk: { path: ${JSON.stringify(folder)} } } }
  services:
    backend: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${upstream.port}" }] } }
    cutting: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${cutting.port}" }] } }
`;

let router: Router;
let admin: number;
const start = async () => {
  admin = await freePort();
  return startRouter({
    dynamic: dynamic(),
    entryPoints: { traefik: admin },
    static: "api: { insecure: true, allowChanges: true }",
    workers: 2,
  });
};
beforeAll(async () => {
  router = await start();
});
afterAll(async () => {
  await router[Symbol.asyncDispose]();
  await upstream.stop(true);
  cutting[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Asks on new connections until both workers have it. */
async function inBothWorkers(target: string): Promise<string[]> {
  const before = answers;
  const texts = new Set<string>();
  await waitFor("both workers to ask", async () => {
    texts.add((await get(router.port, target)).text);
    return answers - before >= 2;
  });
  return [...texts];
}

async function texts(target: string): Promise<string[]> {
  const found = await Promise.all(Array.from({ length: 16 }, () => get(router.port, target)));
  return [...new Set(found.map(({ text }) => text))];
}

test("answers GET, HEAD, conditional requests and ranges without the server", async () => {
  const [first] = await inBothWorkers("/it");
  const asked = answers;
  const { status, text, header } = await get(router.port, "/it");
  expect([status, header("content-length")]).toEqual([200, String(text.length)]);
  expect(header("cache-status")).toMatch(/^Sluice; hit; ttl=\d+$/);
  expect(Number(header("age"))).toBeWithin(0, 600);
  const head = await get(router.port, "/it", [], "HEAD");
  expect([head.status, head.header("content-length")]).toEqual([200, String(text.length)]);
  const same = await get(router.port, "/it", ["If-None-Match: *"]);
  expect([same.status, same.text]).toEqual([304, ""]);
  const part = await get(router.port, "/it", ["Range: bytes=0-6"]);
  expect([part.status, part.text]).toEqual([206, "version"]);
  expect(part.header("content-range")).toBe(`bytes 0-6/${first.length}`);
  expect(answers).toBe(asked);
});

test("goes on over a reload that changes nothing of it", async () => {
  const before = await inBothWorkers("/reload");
  await router.reconfigure(
    dynamic("fresh: { rule: PathPrefix(`/fresh`), service: whoami@internal, entryPoints: [web] }"),
  );
  await waitFor("the reload", async () =>
    (await get(router.port, "/fresh")).text.includes("Hostname"),
  );
  for (const text of await texts("/reload")) expect(before).toContain(text);
});

test("an unsafe method and the API's purge hold for all workers", async () => {
  for (const forget of [
    async () => expect((await get(router.port, "/forget", [], "DELETE")).status).toBe(204),
    async () => {
      const url = encodeURIComponent("http://app.test/forget");
      const path = `/api/http/middlewares/cached@file/cache?url=${url}`;
      const { status, text } = await get(admin, path, [], "DELETE");
      expect([status, text.trim()]).toEqual([200, '{"purged":2}']);
    },
  ]) {
    const before = await inBothWorkers("/forget");
    await forget();
    for (const text of await texts("/forget")) expect(before).not.toContain(text);
    await get(admin, "/api/http/middlewares/cached@file/cache", [], "DELETE");
  }
  const { status } = await get(admin, "/api/http/middlewares/none@file/cache", [], "DELETE");
  expect(status).toBe(404);
});

test("a client that doesn't read holds nothing up, and what is cut off is not kept", async () => {
  using lazy = await RawClient.connect(router.port);
  lazy.pause();
  await lazy.send("GET /big HTTP/1.1\r\nHost: app.test\r\n\r\n");
  const { body } = await get(router.port, "/big");
  expect(body.length).toBe(4_000_000);
  await waitFor("it to be kept", async () => {
    const { header } = await get(router.port, "/big", [], "HEAD");
    return header("cache-status")?.includes("hit");
  });
  const asked = answers;
  for (const _ of [1, 2, 3]) await expect(get(router.port, "/cut")).rejects.toThrow();
  expect(answers - asked).toBe(3);
});

test("files survive a restart", async () => {
  const { text } = await get(router.port, "/kept");
  const files = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  await waitFor("the file", () => files().some(({ name }) => !name.endsWith(".new")));
  await router[Symbol.asyncDispose]();
  router = await start();
  const asked = answers;
  expect(await texts("/kept")).toEqual([text]);
  expect(answers).toBe(asked);
});
