import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { overwrite, recovered } from "../../../../runtime/node/engine/in-place-file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content).trim();

/** Every state that a file has between the bytes of two overwrites. */
function states(old: string, content: string): string[] {
  const tail = Math.max(old.length, content.length);
  const digest = new Bun.CryptoHasher("sha256").update(content).digest("hex");
  const behind = `${"\n".repeat(tail - old.length)}\n#sluice-new ${content.length} ${digest}\n${content}`;
  const first = Array.from({ length: behind.length + 1 }, (_, n) => old + behind.slice(0, n));
  const full = first.at(-1)!;
  const second = Array.from(
    { length: content.length + 1 },
    (_, n) => content.slice(0, n) + full.slice(n),
  );
  return [...first, ...second];
}

test("whatever moment an overwrite ends at, the old content or the new is found, again and again", () => {
  for (const [a, b] of [
    ['{"a": 1}', '{"b": "longer"}'],
    ['{"a": "longer"}', "{}"],
  ]) {
    for (const broken of states(a, b)) {
      const found = text(recovered(bytes(broken)));
      expect([a, b]).toContain(found);
      // The next write begins with what that one left.
      for (const again of states(broken, '{"c": 3}').filter((_, i) => i % 7 === 0))
        expect([found, '{"c": 3}']).toContain(text(recovered(bytes(again))));
    }
  }
});

test("an overwrite that isn't interrupted leaves the content alone", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-in-place-"));
  try {
    const path = join(directory, "file");
    writeFileSync(path, "");
    for (const content of ["{}", '{"much": "longer"}', "[]"]) {
      await overwrite(path, bytes(content));
      expect(readFileSync(path, "utf8")).toBe(content);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
