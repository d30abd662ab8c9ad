import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import { ProblemLog } from "../../../../src/cli/problem-log.ts";
import { FileProvider } from "../../../../src/providers/file/file-provider.ts";
import type { ProviderConfiguration } from "../../../../src/snapshot/provider-configuration.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Writes the files and reads them as a directory, once. */
async function read(files: Record<string, string>, prepare = (_: string) => {}) {
  const directory = mkdtempSync(join(tmpdir(), "sluice-file-"));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  prepare(directory);
  const log = new ProblemLog();
  const provider = new FileProvider(
    { directory, watch: false, cwd: directory },
    bunRuntime().files,
    log,
  );
  const emitted: ProviderConfiguration[] = [];
  (await provider.start((configuration) => emitted.push(configuration)))();
  const lines = log.lines.map((line) => line.replaceAll(directory, "."));
  return { emitted, lines, http: emitted[0]?.configuration.http };
}

const router = (name: string) =>
  `http: {routers: {${name}: {rule: "Path(\`/${name}\`)", service: x}}}\n`;

test("a link of a directory to itself, and one to a directory above, is skipped with a warning", async () => {
  const { http, lines } = await read(
    { "a.yml": router("a"), "sub/b.yml": router("b") },
    (directory) => {
      symlinkSync(".", join(directory, "self"));
      symlinkSync("..", join(directory, "sub/up"));
    },
  );
  expect(Object.keys(http?.routers ?? {})).toEqual(["a", "b"]);
  const skipped = "expected a directory of its own, found a link to one above it; it is skipped";
  expect(lines).toEqual([
    `./self: ${skipped} (provider file)`,
    `./sub/up: ${skipped} (provider file)`,
  ]);
});

test("a link to a directory that is not above it is followed", async () => {
  const { http, lines } = await read({ ".real/a.yml": router("a") }, (directory) => {
    symlinkSync(".real", join(directory, "one"));
  });
  expect(Object.keys(http?.routers ?? {})).toEqual(["a"]);
  expect(lines).toEqual([]);
});
