import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes } from "../../../src/core/bytes.ts";
import { BodyQueue, holdsMuch } from "../../../src/http/body-queue.ts";

const KILOBYTE = 1024;

/** All that waits, until nothing does. */
function drained(queue: BodyQueue): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) pieces.push(next);
  return pieces;
}

describe("BodyQueue", () => {
  test("gives what it got, in order, whatever the pieces are and whenever they are taken", () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, fc.boolean()), { maxLength: 60 }), (steps) => {
        const queue = new BodyQueue();
        const sent: Uint8Array[] = [];
        const got: Uint8Array[] = [];
        let octet = 0;
        for (const [size, take] of steps) {
          const piece = Uint8Array.from({ length: size + 2 }, () => octet++);
          sent.push(piece.subarray(1, size + 1));
          queue.push(piece, 1, size + 1);
          if (!take) continue;
          const next = queue.shift();
          if (next !== undefined) got.push(next);
        }
        // What was handed out is not written to any more: looked at behind everything.
        got.push(...drained(queue));
        expect(Buffer.compare(concatBytes(got), concatBytes(sent))).toBe(0);
      }),
    );
  });

  test("holds small pieces together, and large ones as they came", () => {
    const queue = new BodyQueue();
    const large = new Uint8Array(2 * KILOBYTE);
    for (let i = 0; i < 64 * KILOBYTE; i++) queue.push(Uint8Array.of(1), 0, 1);
    queue.push(large, 0, large.length);
    queue.push(Uint8Array.of(1), 0, 1);
    const pieces = drained(queue);
    expect(pieces.length).toBe(18);
    expect(pieces[16].buffer).toBe(large.buffer);
  });

  test("holds no large array for a small piece", () => {
    const queue = new BodyQueue();
    const large = new Uint8Array(512 * KILOBYTE);
    queue.push(large, 1000, 1001);
    expect(queue.shift()?.buffer.byteLength).toBeLessThan(8 * KILOBYTE);
    expect(holdsMuch(large, 1)).toBe(true);
    expect(holdsMuch(large, 10_000)).toBe(false);
    expect(holdsMuch(new Uint8Array(100), 1)).toBe(false);
  });
});
