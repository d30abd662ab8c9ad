import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestServer } from "../../../../runtime/bun/testing/create-test-server.ts";
import { ROOT } from "../../../../scripts/paths.ts";
import { fencedBlocks } from "../../docs/fenced-blocks.ts";

const ENTRY = `${ROOT}/runtime/bun/testing/create-test-server.ts`;

test("a module in memory, and its variables", async () => {
  await using server = await createTestServer({
    module: (request: Request, env: { WORD: string }) =>
      new Response(env.WORD + new URL(request.url).pathname),
    env: { WORD: "first" },
  });
  await using other = await createTestServer({ module: { fetch: () => new Response("other") } });
  expect(await (await fetch(`${server.url}/x`)).text()).toBe("first/x");
  expect(await (await fetch(other.url)).text()).toBe("other");
  expect(other.port).not.toBe(server.port);
});

test("a module's path, relative to a directory", async () => {
  await using server = await createTestServer({
    module: "tests/e2e/functions/module-cases.ts",
    directory: ROOT,
  });
  const response = await fetch(`${server.url}/text`, { method: "POST", body: "hello" });
  expect(await response.text()).toBe("hello");
});

test("a static configuration beside it", async () => {
  await using server = await createTestServer({
    configuration: { http: { routers: { p: { rule: "Path(`/p`)", service: "ping@internal" } } } },
    staticConfiguration: { ping: { manualRouting: true } },
  });
  expect(await (await fetch(`${server.url}/p`)).text()).toBe("OK");
});

test("closing gives the port back, once what is in flight has ended", async () => {
  const begun = Promise.withResolvers<void>();
  const server = await createTestServer({
    async module() {
      begun.resolve();
      await Bun.sleep(50);
      return new Response("late");
    },
  });
  const answer = fetch(server.url).then((response) => response.text());
  await begun.promise;
  await Promise.all([server.close(), server.close()]);
  expect(await answer).toBe("late");
  await expect(fetch(server.url)).rejects.toThrow();
});

const ROUTER = { rule: "PathPrefix(`/`)", service: "gone" };

test.each<[options: object, message: string]>([
  [{}, "expected either module or configuration"],
  [{ module: () => {}, configuration: {} }, "expected either module or configuration"],
  [{ configuration: {}, env: {} }, "env goes with module"],
  [{ configuration: { http: { routers: { r: ROUTER } } } }, "router r@test: "],
  [{ configuration: { http: { routers: { r: { ...ROUTER, rule: "Hots(`a`)" } } } } }, "Hots"],
  [{ module: "./nowhere.ts" }, "there is no such file"],
  [{ module: { fetch: 1 } }, "expected a default export with a fetch method"],
  [{ module: () => {}, staticConfiguration: { pong: {} } }, 'unknown key "pong"'],
])("%j rejects with what is wrong", async (options, message) => {
  await expect(createTestServer(options)).rejects.toThrow(message);
});

test("the examples of docs/testing.md print what they should", async () => {
  const examples = fencedBlocks().filter(({ place }) => place.startsWith("docs/testing"));
  const directory = mkdtempSync(join(tmpdir(), "sluice-testing-"));
  try {
    const printed = examples.map(({ text }, i) => {
      const file = join(directory, `${i}.ts`);
      writeFileSync(file, text.replace('"sluice-router/testing"', JSON.stringify(ENTRY)));
      return Bun.spawnSync([process.execPath, file]).stdout.toString();
    });
    expect(printed).toEqual(["200 Hello from /x\n", "200 /x\n404 404 page not found\n"]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
