import { expect, test } from "bun:test";
import { storedBody } from "../../../../../src/middlewares/http/cache/stored/stored-body.ts";

const KIB = 1024;

test.each([0, 1, 24 * KIB, 24 * KIB + 1, 50_001, 72 * KIB, 72 * KIB + 1, 300_000])(
  "a body of %d bytes has all of them in order, also for a reader that pauses",
  async (size) => {
    const bytes = new Uint8Array(size).map((_, i) => (i * 31) >> 4);
    expect(storedBody(bytes).length).toBe(size);
    expect(Buffer.from(await storedBody(bytes).bytes()).equals(bytes)).toBe(true);
    const body = storedBody(bytes);
    const parts: Uint8Array[] = [];
    let ended = false;
    body.pipe({
      bodyChunk(chunk, start, end) {
        parts.push(chunk.slice(start, end));
        body.pause();
      },
      bodyFlush() {},
      bodyEnd: () => {
        ended = true;
      },
      bodyFail() {},
    });
    while (!ended) body.resume();
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  },
);
