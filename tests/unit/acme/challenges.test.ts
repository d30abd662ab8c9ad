import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durableFiles } from "../../../runtime/node/engine/durable-files.ts";
import { HttpTokens } from "../../../src/acme/challenges/http-tokens.ts";
import { SharedTokens } from "../../../src/acme/storage/shared-tokens.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../support/memory-file.ts";

const { signal } = new AbortController();

test("of processes with one storage each answers for all, while a challenge is under way", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-tokens-"));
  try {
    const path = join(directory, "acme.json.tokens");
    const logger = createLogger({ level: "panic", format: "common" }, new MemoryFile());
    const start = () => {
      const tokens = new HttpTokens();
      return { tokens, solver: tokens.solver(0, new SharedTokens(path, durableFiles, logger)) };
    };
    const [one, other] = [start(), start()];
    const challenge = (n: number) => ({
      domain: "a.test",
      token: `t${n}`,
      keyAuthorization: `k${n}`,
    });
    const cleanUps = await Promise.all(
      [1, 2, 3].map((n) => one.solver.present(challenge(n), signal)),
    );
    for (const { tokens } of [one, other]) {
      expect(await tokens.answer("A.test", "t2")).toBe("k2");
      expect(await tokens.answer("b.test", "t2")).toBeUndefined();
      expect(await tokens.answer("a.test", "toString")).toBeUndefined();
    }
    await cleanUps[1]();
    expect(await other.tokens.answer("a.test", "t2")).toBeUndefined();
    expect(await other.tokens.answer("a.test", "t3")).toBe("k3");
    await Promise.all([cleanUps[0](), cleanUps[2]()]);
    expect(existsSync(path)).toBe(false);
    for (const broken of ["", "[]", '{"a.test t1": 1}']) {
      writeFileSync(path, broken);
      expect(await other.tokens.answer("a.test", "t1")).toBeUndefined();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("a challenge that is called off while it waits leaves nothing behind", async () => {
  const tokens = new HttpTokens();
  const controller = new AbortController();
  const presented = tokens
    .solver(60_000)
    .present({ domain: "::1", token: "t", keyAuthorization: "k" }, controller.signal);
  expect(await tokens.answer("[::1]", "t")).toBe("k");
  controller.abort(new Error("enough"));
  await expect(presented).rejects.toThrow("enough");
  expect(await tokens.answer("[::1]", "t")).toBeUndefined();
});
