import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../support/flavour.ts";
import { fencedBlocks } from "./fenced-blocks.ts";

test("docs/explain.md shows what the command says", async () => {
  const [dynamic, line, said] = fencedBlocks()
    .filter(({ place }) => place.startsWith("docs/explain.md"))
    .map(({ text }) => text);
  const directory = mkdtempSync(join(tmpdir(), "sluice-explain-"));
  try {
    writeFileSync(
      join(directory, "traefik.yml"),
      'entryPoints: {web: {address: ":80"}}\nproviders: {file: {filename: dynamic.yml}}\n',
    );
    writeFileSync(join(directory, "dynamic.yml"), dynamic);
    const [, ...args] = line.trim().split(" ");
    const child = Bun.spawn([...command("bun"), ...args], { cwd: directory, stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toBe(said);
    expect(await child.exited).toBe(1);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
