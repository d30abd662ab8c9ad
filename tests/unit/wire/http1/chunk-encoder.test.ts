import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { latin1 } from "../../../../src/core/bytes.ts";
import {
  CHUNK_HEAD_MAX,
  writeChunkHead,
  writeLastChunk,
} from "../../../../src/wire/http1/chunk-encoder.ts";

function chunkHead(size: number): string {
  const target = new Uint8Array(CHUNK_HEAD_MAX + 3).fill(0x2e);
  const end = writeChunkHead(target, 3, size);
  expect(end - 3).toBeLessThanOrEqual(CHUNK_HEAD_MAX);
  expect(latin1(target, 0, 3)).toBe("...");
  expect(target.subarray(end).every((octet) => octet === 0x2e)).toBe(true);
  return latin1(target, 3, end);
}

describe("writeChunkHead", () => {
  test("writes the size in hexadecimal, without zeros in front", () => {
    for (const size of [1, 9, 10, 15, 16, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32, 2 ** 48]) {
      expect(chunkHead(size)).toBe(`${size.toString(16)}\r\n`);
    }
  });

  test("for every size up to 2^53-1", () => {
    expect(chunkHead(Number.MAX_SAFE_INTEGER)).toBe("1fffffffffffff\r\n");
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        fc.pre(size > 0);
        expect(chunkHead(size)).toBe(`${size.toString(16)}\r\n`);
      }),
    );
  });
});

test("writeLastChunk leaves room for trailers", () => {
  const target = new Uint8Array(8);
  expect(writeLastChunk(target, 2)).toBe(5);
  expect(latin1(target, 2, 5)).toBe("0\r\n");
});
