import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFiles } from "../../../runtime/node/files.ts";
import { readDynamicFile } from "../../../src/providers/file/dynamic-file.ts";
import { answering, CacheScene, ok } from "../middlewares/http/cache/cache-scene.ts";
import { fencedBlocks } from "./fenced-blocks.ts";

test("docs/middlewares/cache.md: the example gives what is stale for as long as it says", async () => {
  const { text } = fencedBlocks().find(({ place }) =>
    place.startsWith("docs/middlewares/cache.md"),
  )!;
  const { configuration } = readDynamicFile({ name: "cache.yml", text, env: {} });
  const options = configuration.http!.middlewares!["cached"].cache!;
  const path = mkdtempSync(join(tmpdir(), "sluice-cache-docs-"));
  try {
    expect(options.disk?.path).toBe("/var/cache/sluice");
    const disk = { ...options.disk, path };
    const scene = await CacheScene.of({ ...options, disk }, { files: nodeFiles });
    await scene.get();
    scene.pass(60 + 29);
    scene.answer = () => answering(503, []);
    expect(await scene.status()).toBe("hit");
    scene.pass(3600 - 30);
    expect((await scene.get()).text).toBe("body");
    scene.pass(2);
    expect((await scene.get()).status).toBe(503);
    scene.answer = () => ok("new");
    expect((await scene.get()).text).toBe("new");
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});
