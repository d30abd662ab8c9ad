import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { FileWatch } from "../../../src/certificates/file-watch.ts";
import { waitFor } from "../../support/wait-for.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-watch-"));
const path = (name: string) => join(directory, name);
let watch: FileWatch | undefined;
afterEach(() => watch?.stop());
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

function start() {
  const seen = { changes: 0, failures: [] as string[] };
  watch = new FileWatch({
    files: bunRuntime().files,
    changed: () => seen.changes++,
    failed: (_, message) => seen.failures.push(message),
    settle: 30,
  });
  return { watch, seen };
}

test("a change in place and a replacement by rename are seen, together once", async () => {
  writeFileSync(path("a"), "one");
  writeFileSync(path("b"), "one");
  const { watch, seen } = start();
  await watch.watch([path("a"), path("b")]);
  writeFileSync(path("a"), "another");
  writeFileSync(path("new"), "replaced");
  renameSync(path("new"), path("b"));
  await waitFor("the change", () => seen.changes === 1);
  await Bun.sleep(150);
  expect(seen.changes).toBe(1);
  expect(seen.failures).toEqual([]);
});

test("a neighbour's change is nothing, a file that comes to be is something", async () => {
  const { watch, seen } = start();
  await watch.watch([path("later")]);
  writeFileSync(path("neighbour"), "x");
  await Bun.sleep(150);
  expect(seen.changes).toBe(0);
  writeFileSync(path("later"), "x");
  await waitFor("the change", () => seen.changes === 1);
});

test("a directory that isn't there is said", async () => {
  const { watch, seen } = start();
  await watch.watch([path("missing/file")]);
  expect(seen.failures.length).toBe(1);
});
