import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestServer } from "../../../runtime/bun/testing/create-test-server.ts";
import { fencedBlocks } from "./fenced-blocks.ts";

const blocks = fencedBlocks().filter(({ place }) => place.startsWith("docs/functions"));
const modules = blocks.filter(({ text }) => text.startsWith("// hello-"));
const [first, gradual] = blocks
  .filter(({ language, text }) => language === "yaml" && text.includes("weighted"))
  .map(({ text }) => text);

/** Serves the tutorial's modules with a configuration of it. */
async function serving<T>(configuration: string, work: (url: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "sluice-rollout-"));
  try {
    for (const { text } of modules)
      writeFileSync(join(directory, /hello-\d\.ts/.exec(text)![0]), text);
    await using server = await createTestServer({
      configuration: Bun.YAML.parse(configuration),
      directory,
    });
    return await work(server.url);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function ask(url: string, cookie?: string) {
  const headers = { Host: "hello.localhost", ...(cookie && { Cookie: cookie }) };
  const response = await fetch(`${url}/x`, { headers });
  const set = response.headers.get("set-cookie")?.split(";")[0];
  return { text: (await response.text()).trim(), set };
}

test("docs/functions.md's first version serves every client", async () => {
  const texts = await serving(first, async (url) => [await ask(url), await ask(url)]);
  expect(texts.map(({ text }) => text)).toEqual(["Hello from /x", "Hello from /x"]);
});

test("its second version gets a tenth of the clients, and keeps them until it is taken out", async () => {
  const cookie = await serving(gradual, async (url) => {
    const answers = [];
    for (let i = 0; i < 20; i++) answers.push(await ask(url));
    const second = answers.filter(({ text }) => text === "Good day from /x");
    expect(second).toHaveLength(2);
    expect((await ask(url, second[0].set)).text).toBe("Good day from /x");
    expect((await ask(url, second[0].set)).text).toBe("Good day from /x");
    return second[0].set;
  });
  expect(cookie).toStartWith("version=");
  expect((await serving(first, (url) => ask(url, cookie))).text).toBe("Hello from /x");
});
