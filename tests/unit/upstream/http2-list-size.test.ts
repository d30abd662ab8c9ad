import { expect, test } from "bun:test";
import { trailersExceed } from "../../../src/upstream/http2/http2-list-size.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";
import { HpackDecoder } from "../../../src/wire/http2/hpack/decoder.ts";
import { block } from "../../support/http/raw-http2.ts";

const PAIRS: [string, string][] = [
  ["x-a", "1"],
  ["grpc-status", "0"],
];
/** Name, value, and 32 for each field (RFC 9113 section 6.5.2). */
const SIZE = 3 + 1 + 32 + 11 + 1 + 32;

test("trailers are counted as HTTP/2 counts them, received or set", () => {
  const wire = block(PAIRS);
  const decoder = new HpackDecoder(4096, { maxHeaderListBytes: 1000, maxFields: 10 });
  const { bytes, fields } = decoder.decode(wire, 0, wire.length);
  for (const list of [HeaderList.from(PAIRS), new HeaderList(bytes, fields)]) {
    expect(trailersExceed(list, SIZE)).toBe(false);
    expect(trailersExceed(list, SIZE - 1)).toBe(true);
    expect(trailersExceed(list, Number.POSITIVE_INFINITY)).toBe(false);
  }
});

test("what is left out counts for nothing", () => {
  const list = HeaderList.from([...PAIRS, ["content-length", "4711"], ["te", "x".repeat(1000)]]);
  expect(trailersExceed(list, SIZE)).toBe(false);
  list.delete("x-a");
  expect(trailersExceed(list, SIZE - 36)).toBe(false);
  expect(trailersExceed(list, SIZE - 37)).toBe(true);
});
