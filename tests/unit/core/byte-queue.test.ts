import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteQueue } from "../../../src/core/byte-queue.ts";
import { concatBytes } from "../../../src/core/bytes.ts";
import { countCopies } from "../../support/copies.ts";
import { counting } from "../net/fake-connection.ts";

const KILOBYTE = 1024;

/** Takes `count` bytes out, as a receiver does who is full after them. */
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
  expect(pieces.length).toBeLessThan(16);
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
  queue.push(first, 2, 5);
  queue.push(counting(3));
  expect(first).toEqual(counting(10));
  expect(queue.take()).toEqual(concatBytes([counting(3, 2), counting(3)]));
  expect([queue.length, queue.take()]).toEqual([0, new Uint8Array(0)]);
});

test("a piece that was handed out doesn't change when others are pushed", () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 10; i++) queue.push(counting(10, i * 10));
  queue.shift();
  const { first } = queue;
  const before = first.slice();
  for (let i = 0; i < 100; i++) queue.push(counting(10));
  expect(first).toEqual(before);
});

test("a small piece keeps no large array", () => {
  for (const others of [0, 1]) {
    const queue = new ByteQueue();
    for (let i = 0; i < others; i++) queue.push(counting(10));
    queue.push(new Uint8Array(512 * KILOBYTE), 1000, 2 * KILOBYTE);
    for (let i = 0; i < others; i++) queue.shift();
    expect(queue.first.buffer.byteLength).toBeLessThan(4 * KILOBYTE);
  }
});

test.each([1, 7, 500, 5000])(
  "pieces of %d bytes are copied once at the most, and once more by take",
  (size) => {
    const total = 65_535;
    const queue = new ByteQueue();
    const copied = countCopies(() => {
      for (let sent = 0; sent < total; sent += size) queue.push(new Uint8Array(size));
    });
    const pushed = queue.length;
    expect(copied).toBeLessThanOrEqual(pushed);
    expect(countCopies(() => queue.take())).toBeLessThanOrEqual(pushed);
  },
);

test("whatever goes in comes out, in order and once", () => {
  const size = fc.oneof(fc.nat(3), fc.nat(5000), fc.nat(20_000));
  const step = fc.record({
    push: size,
    copy: fc.boolean(),
    shift: fc.boolean(),
    drop: fc.oneof(fc.nat(3), fc.nat(30_000)),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom(1, 1024, 16_384),
      (steps, small) => {
        const queue = new ByteQueue(small);
        const out: Uint8Array[] = [];
        let pushed = 0;
        for (const { push, copy, shift, drop: dropped } of steps) {
          const chunk = counting(push + 2, pushed - 1);
          if (copy) {
            queue.pushCopy(chunk, 1, push + 1);
            chunk.fill(0);
          } else {
            queue.push(chunk, 1, push + 1);
          }
          pushed += push;
          const first = shift ? queue.shift() : undefined;
          if (first !== undefined) out.push(first);
          out.push(...drop(queue, Math.min(dropped, queue.length)));
        }
        out.push(queue.take());
        expect(Buffer.compare(concatBytes(out), counting(pushed))).toBe(0);
      },
    ),
    { numRuns: 500 },
  );
});
