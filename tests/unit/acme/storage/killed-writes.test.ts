import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durableFiles } from "../../../../runtime/node/engine/durable-files.ts";
import { ROOT } from "../../../../scripts/paths.ts";

/**
 * 1,000 kills of each way of writing: a process is killed 50 times while it writes 20 files, each at a moment
 * of its own. What a kill costs is the process's start, and not the writes.
 */
const PROCESSES = 50;
const FILES = 20;
const AT_A_TIME = 2;

const child = join(ROOT, "tests/support/acme/replacing-child.ts");

/** Starts a process that writes, and ends it without a warning after a random moment. */
async function kill(way: string, paths: readonly string[]): Promise<void> {
  const writer = Bun.spawn([process.execPath, child, way, ...paths], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  await writer.stdout.getReader().read();
  await Bun.sleep(Math.random() * 6);
  writer.kill("SIGKILL");
  await writer.exited;
}

/** False where the last write was in the middle, and the file has what makes it whole. */
async function isWhole(path: string): Promise<boolean> {
  const { content, interrupted } = await durableFiles.read(path);
  const { i, fill } = JSON.parse(new TextDecoder().decode(content));
  expect(fill).toBe(String(i % 10).repeat(40_000 * (i % 5)));
  return !interrupted;
}

test.each(["rename", "in-place"])(
  "a process that is killed while it writes (%s) leaves whole files",
  async (way) => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-killed-"));
    let interrupted = 0;
    try {
      const lane = async (name: string) => {
        const own = Array.from({ length: FILES }, (_, i) => join(directory, `${name}-${i}`));
        for (const path of own) writeFileSync(path, '{"i":0,"fill":""}');
        for (let i = 0; i < PROCESSES / AT_A_TIME; i++) {
          await kill(way, own);
          const whole = await Promise.all(own.map(isWhole));
          interrupted += whole.filter((one) => !one).length;
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => lane(String(i))));
      // A new file that has not taken the old one's place is what a kill leaves there.
      interrupted += readdirSync(directory).filter((name) => name.endsWith(".new")).length;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    // They were killed in the middle, and not between two writes.
    expect(interrupted).toBeGreaterThan(100);
  },
  60_000,
);
