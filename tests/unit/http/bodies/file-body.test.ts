import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servedFiles } from "../../../../runtime/node/engine/served-files.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { AT_ONCE, fileBody, PIECE } from "../../../../src/http/bodies/file-body.ts";
import type { Body } from "../../../../src/http/body.ts";
import { waitFor } from "../../../support/wait-for.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-file-body-"));
afterAll(() => rmSync(directory, { recursive: true }));

const SIZE = 3 * PIECE + AT_ONCE + 17;
const CONTENT = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 9)) & 0xff);

function written(content: Uint8Array = CONTENT): string {
  const path = join(directory, crypto.randomUUID());
  writeFileSync(path, content);
  return path;
}

/** How often the process has that file open. */
const timesOpen = (path: string) => {
  const names = readdirSync("/proc/self/fd");
  const { readlinkSync } = require("node:fs") as typeof import("node:fs");
  return names.filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === path;
    } catch {
      return false;
    }
  }).length;
};

const closed = (path: string) =>
  waitFor("the file to be closed", () => timesOpen(path) === 0 || undefined);

describe("a body of a file", () => {
  test("has its bytes, whatever part is asked for, and closes it", async () => {
    const path = written();
    const text = new TextEncoder().encode("--between--");
    for (const [start, end] of [
      [0, SIZE],
      [0, 1],
      [AT_ONCE - 1, AT_ONCE + 1],
      [PIECE, 2 * PIECE],
      [SIZE - 1, SIZE],
    ]) {
      const body = fileBody(servedFiles.open(path)!, [{ start, end }]);
      expect(body.length).toBe(end - start);
      expect(Buffer.compare(await body.bytes(), CONTENT.subarray(start, end))).toBe(0);
    }
    const parts = [text, { start: 5, end: AT_ONCE + 9 }, text, { start: 0, end: 3 }, text];
    const body = fileBody(servedFiles.open(path)!, parts);
    const expected = Buffer.concat([
      text,
      CONTENT.subarray(5, AT_ONCE + 9),
      text,
      CONTENT.subarray(0, 3),
      text,
    ]);
    expect([body.length, Buffer.compare(await body.bytes(), expected)]).toEqual([
      expected.length,
      0,
    ]);
    expect((await fileBody(servedFiles.open(path)!, []).bytes()).length).toBe(0);
    await closed(path);
  });

  test("a small one is closed before anything reads it", async () => {
    const path = written(CONTENT.subarray(0, AT_ONCE));
    const body = fileBody(servedFiles.open(path)!, [{ start: 0, end: AT_ONCE }]);
    await closed(path);
    expect((await body.bytes()).length).toBe(AT_ONCE);
  });

  test("waits for a reader that takes no more, and closes where that gives up", async () => {
    const path = written();
    const body = fileBody(servedFiles.open(path)!, [{ start: 0, end: SIZE }]);
    const seen = collect(body, true);
    await waitFor("a piece to be read", () => body.received > AT_ONCE || undefined);
    // Time for another one, if it were to come.
    for (let i = 0; i < 20; i++) await servedFiles.open(path)!.read(0, 10);
    expect(body.received).toBeLessThanOrEqual(AT_ONCE + PIECE);
    body.cancel(new ProxyError("client-gone", "downstream", "gone"));
    await waitFor("no reader to be left", () => seen.failed === "" || undefined);
  });

  test("breaks off where the file becomes shorter", async () => {
    const path = written();
    const body = fileBody(servedFiles.open(path)!, [{ start: 0, end: SIZE }]);
    truncateSync(path, PIECE);
    const seen = collect(body, false);
    await waitFor("the end", () => seen.failed || undefined);
    expect(seen.failed).toContain("shorter");
    expect(seen.ended).toBe(false);
    await closed(path);

    const again = written();
    const file = servedFiles.open(again)!;
    truncateSync(again, 5);
    expect(() => fileBody(file, [{ start: 0, end: SIZE }])).toThrow("shorter");
    await closed(again);
  });
});

function collect(body: Body, pausing: boolean) {
  const seen = { failed: "", ended: false };
  body.pipe({
    bodyChunk() {
      if (pausing) body.pause();
    },
    bodyFlush() {},
    bodyEnd() {
      seen.ended = true;
    },
    bodyFail(error) {
      seen.failed = error.message;
    },
  });
  return seen;
}
