import { expect, test } from "bun:test";
import { HpackDecoder } from "../../../../../src/wire/http2/hpack/decoder.ts";
import { indexed, literal, sizeUpdate } from "./naive-hpack.ts";

/** The newest entry of the dynamic table (RFC 7541 section 2.3.3). */
const NEWEST = 62;

/** What a decoder with a table of that size makes of block behind block: how much is the same again. */
function expansions(tableSize: number, blocks: readonly (readonly number[])[]): number[] {
  const decoder = new HpackDecoder(tableSize, { maxHeaderListBytes: 1_000_000, maxFields: 500 });
  return blocks.map((block) => decoder.decode(Uint8Array.from(block), 0, block.length).expansion);
}

test("a list that names each entry of the table once is none, however large that is", () => {
  const [first, second] = expansions(200_000, [
    [...sizeUpdate(200_000), ...literal("incremental", "x", "v".repeat(150_000))],
    indexed(NEWEST),
  ]);
  expect(first).toBeLessThan(0);
  expect(second).toBeLessThan(0);
});

test("what it names again and again is all there is to it", () => {
  const size = 3900 + 1 + 32;
  const [, second] = expansions(4096, [
    literal("incremental", "x", "v".repeat(3900)),
    Array<number[]>(100).fill(indexed(NEWEST)).flat(),
  ]);
  expect(second).toBe(100 * size - 4096 - 8 * 100);
});
