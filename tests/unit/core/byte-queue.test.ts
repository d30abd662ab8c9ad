import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteQueue } from "../../../src/core/byte-queue.ts";
import { concatBytes } from "../../../src/core/bytes.ts";
import { counting } from "../net/fake-connection.ts";

/** Takes `count` bytes out, as somebody does who is full after them. */
function drop(queue: ByteQueue, count: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let left = count; left > 0; ) {
    const piece = queue.first.slice(0, left);
    queue.drop(piece.length);
    pieces.push(piece);
    left -= piece.length;
  }
  return pieces;
}

test("small chunks come out in few pieces, large ones in the arrays that they were", () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 65_536; i++) queue.push(counting(1, i));
  const pieces = drop(queue, queue.length);
  expect(pieces.length).toBeLessThan(20);
  expect(Buffer.compare(concatBytes(pieces), counting(65_536))).toBe(0);
  const large = [counting(5000), counting(5000)];
  for (const chunk of large) queue.push(chunk);
  expect(queue.first).toBe(large[0]);
  queue.drop(5000);
  expect(queue.first).toBe(large[1]);
});

test("chunks themselves are left as they are", () => {
  const queue = new ByteQueue();
  const first = counting(10);
  queue.push(first.subarray(2, 5));
  queue.push(counting(3));
  expect(first).toEqual(counting(10));
  expect(queue.take()).toEqual(concatBytes([counting(3, 2), counting(3)]));
  expect([queue.length, queue.take()]).toEqual([0, new Uint8Array(0)]);
});

test("whatever goes in comes out, in order and once", () => {
  const size = fc.oneof(fc.nat(3), fc.nat(5000), fc.nat(20_000));
  const step = fc.record({ push: size, drop: fc.oneof(fc.nat(3), fc.nat(30_000)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue();
      const out: Uint8Array[] = [];
      let pushed = 0;
      for (const { push, drop: dropped } of steps) {
        queue.push(counting(push, pushed));
        pushed += push;
        out.push(...drop(queue, Math.min(dropped, queue.length)));
      }
      out.push(queue.take());
      expect(Buffer.compare(concatBytes(out), counting(pushed))).toBe(0);
    }),
    { numRuns: 500 },
  );
});
