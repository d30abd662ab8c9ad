import { expect, test } from "bun:test";
import { moduleVersion } from "../../../../src/providers/file/module-version.ts";

/** The version and the directories of /app/main.ts among these files. */
async function versionIn(texts: Readonly<Record<string, string>>) {
  const directories = new Set<string>();
  const read = async (path: string) => {
    if (!Object.hasOwn(texts, path)) throw new Error(`no ${path}`);
    return new TextEncoder().encode(texts[path]);
  };
  const version = await moduleVersion("/app/main.ts", { read }, directories);
  return { version, directories: [...directories].sort() };
}

const FILES = {
  "/app/main.ts": [
    'import a from "./a.ts";',
    "import './b/b';",
    "const c = await import('../c.mjs');",
    'export * from "./loop.ts";',
    'import x from "hono"; import "./node_modules/y/y.js"; import "./nowhere.ts";',
  ].join("\n"),
  "/app/a.ts": 'import data from "./data.json" with { type: "json" };',
  "/app/data.json": "{}",
  "/app/b/b.ts": "1",
  "/c.mjs": "2",
  "/app/loop.ts": 'import "./main.ts";',
  "/app/node_modules/y/y.js": "3",
};

test("a version changes with each file that is imported, near or far, and with no other", async () => {
  const { version, directories } = await versionIn(FILES);
  expect(directories).toEqual(["/", "/app", "/app/b"]);
  expect((await versionIn(FILES)).version).toBe(version);
  for (const name of Object.keys(FILES)) {
    const changed = await versionIn({ ...FILES, [name]: `${FILES[name as keyof typeof FILES]} ` });
    expect([name, changed.version === version]).toEqual([name, name.includes("node_modules")]);
  }
  const mended = await versionIn({ ...FILES, "/app/nowhere.ts": "" });
  expect(mended.version).not.toBe(version);
});

test("a module that is missing has no version; its directory is looked at", async () => {
  expect(await versionIn({})).toEqual({ version: "", directories: ["/app"] });
});
