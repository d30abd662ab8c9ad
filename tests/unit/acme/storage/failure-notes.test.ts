import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durableFiles } from "../../../../runtime/node/engine/durable-files.ts";
import { FailureNotes } from "../../../../src/acme/storage/failure-notes.ts";
import { createLogger } from "../../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../../support/memory-file.ts";

test("failures are noted for others, and no file is left when there is none", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-notes-"));
  try {
    const path = join(directory, "acme.json.failures");
    const logger = createLogger({ level: "panic", format: "common" }, new MemoryFile());
    const notes = () => new FailureNotes(path, durableFiles, logger);
    const failure = { names: ["a"], error: "no", at: 1, nextTry: 2, tries: 1 };
    const writer = notes();
    writer.note("le", [failure]);
    await writer.flush();
    const reader = notes();
    await reader.read();
    expect(reader.of("le")).toEqual([failure]);
    expect(reader.of("toString")).toEqual([]);
    writer.note("le", [failure], [1, 2]);
    writer.note("other", [failure], []);
    await writer.flush();
    await reader.read();
    expect([reader.of("le"), reader.demandsOf("le")]).toEqual([[failure], [1, 2]]);
    expect([reader.of("other"), reader.demandsOf("other")]).toEqual([[failure], []]);
    writer.note("other", []);
    writer.note("le", []);
    await writer.flush();
    expect(existsSync(path)).toBe(false);
    for (const broken of [
      "",
      "null",
      "[1",
      '{"le": {"failures": 1, "demands": "x"}}',
      '{"le": {"a": 1}}',
      '{"le": [1]}',
    ]) {
      writeFileSync(path, broken);
      await reader.read();
      expect(reader.of("le")).toEqual([]);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
