import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durableFiles } from "../../../../runtime/node/engine/durable-files.ts";
import { ROOT } from "../../../../scripts/paths.ts";

/** Kills for each way of writing: as many as take ten seconds on a busy machine with two cores. */
const KILLS = 120;
const AT_A_TIME = 4;

const child = join(ROOT, "tests/support/acme/replacing-child.ts");

/** Starts a process that writes, ends it without a warning after a random moment, and looks. */
async function killOnce(path: string, way: string): Promise<void> {
  const writer = Bun.spawn([process.execPath, child, path, way], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  await writer.stdout.getReader().read();
  await Bun.sleep(Math.random() * 6);
  writer.kill("SIGKILL");
  await writer.exited;
  const { content } = await durableFiles.read(path);
  const { i, fill } = JSON.parse(new TextDecoder().decode(content));
  expect(fill).toBe(String(i % 10).repeat(40_000 * (i % 5)));
}

test.each(["rename", "in-place"])(
  "a process that is killed while it writes (%s) leaves a whole file",
  async (way) => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-killed-"));
    try {
      const lane = async (name: string) => {
        const path = join(directory, name);
        writeFileSync(path, '{"i":0,"fill":""}');
        for (let i = 0; i < KILLS / AT_A_TIME; i++) await killOnce(path, way);
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => lane(String(i))));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  60_000,
);
