import { describe, expect, test } from "bun:test";
import { byteRanges } from "../../../../../src/middlewares/http/files/byte-ranges.ts";
import {
  precondition,
  rangeCounts,
} from "../../../../../src/middlewares/http/files/preconditions.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";

const AT = Date.UTC(2020, 0, 2, 3, 4, 5);
const NOW = { etag: '"a-1"', modified: AT / 1000 };
const date = (offset: number) => new Date(AT + offset * 1000).toUTCString();
const EARLIER = date(-1);
const SAME = date(0);
const LATER = date(1);

describe("preconditions", () => {
  const cases: [expected: number, ...fields: [string, string][]][] = [
    [200],
    [200, ["If-Match", '"a-1"']],
    [200, ["If-Match", '"x", "a-1"']],
    [200, ["If-Match", "*"]],
    [412, ["If-Match", '"x"']],
    [412, ["If-Match", 'W/"a-1"']],
    [412, ["If-Match", ""]],
    [200, ["If-Unmodified-Since", SAME]],
    [200, ["If-Unmodified-Since", LATER]],
    [412, ["If-Unmodified-Since", EARLIER]],
    [200, ["If-Unmodified-Since", "yesterday"]],
    [200, ["If-Match", '"a-1"'], ["If-Unmodified-Since", EARLIER]],
    [304, ["If-None-Match", '"a-1"']],
    [304, ["If-None-Match", 'W/"a-1"']],
    [304, ["If-None-Match", '"x" , W/"a-1"']],
    [304, ["If-None-Match", '"x"'], ["If-None-Match", '"a-1"']],
    [304, ["If-None-Match", "*"]],
    [200, ["If-None-Match", '"x"']],
    [200, ["If-None-Match", "a-1"]],
    [200, ["If-None-Match", '"xa-1"']],
    [304, ["If-Modified-Since", SAME]],
    [304, ["If-Modified-Since", LATER]],
    [200, ["If-Modified-Since", EARLIER]],
    [200, ["If-Modified-Since", "0"]],
    [200, ["If-None-Match", '"x"'], ["If-Modified-Since", LATER]],
    [412, ["If-Match", '"x"'], ["If-None-Match", '"a-1"']],
    [304, ["If-Match", '"a-1"'], ["If-None-Match", '"a-1"']],
  ];
  test.each(cases)("%d for %p %p", (expected, ...fields) => {
    expect(precondition(HeaderList.from(fields), NOW)).toBe(expected as never);
  });

  test("a range counts for the very state that If-Range names", () => {
    const counts = (value: string, clock = AT + 10_000) =>
      rangeCounts(HeaderList.from([["If-Range", value]]), NOW, clock);
    expect(rangeCounts(new HeaderList(), NOW)).toBe(true);
    expect([counts('"a-1"'), counts(SAME)]).toEqual([true, true]);
    for (const value of ['W/"a-1"', '"x"', EARLIER, LATER, "x", '"a-1", "x"'])
      expect([value, counts(value)]).toEqual([value, false]);
    // It might change once more within its second.
    expect(counts(SAME, AT + 500)).toBe(false);
  });
});

describe("ranges of ten bytes", () => {
  const cases: [field: string, expected: [number, number][] | null][] = [
    ["bytes=0-0", [[0, 1]]],
    ["bytes=2-5", [[2, 6]]],
    ["Bytes=2-", [[2, 10]]],
    ["bytes=2-99", [[2, 10]]],
    ["bytes=-3", [[7, 10]]],
    ["bytes=-99", [[0, 10]]],
    ["bytes=10-", []],
    ["bytes=-0", []],
    ["bytes=99999999999999999999-", []],
    ["bytes=0-99999999999999999999", [[0, 10]]],
    [
      "bytes=0-1, 4-5 ,-1",
      [
        [0, 2],
        [4, 6],
        [9, 10],
      ],
    ],
    [
      "bytes=4-5,0-1",
      [
        [4, 6],
        [0, 2],
      ],
    ],
    ["bytes=0-1,20-30", [[0, 2]]],
    ["bytes=0-5,5-6", null],
    ["bytes=0-,0-", null],
    ["bytes=5-2", null],
    ["bytes=-", null],
    ["bytes=", null],
    ["bytes=a-b", null],
    ["bytes=0-1,", null],
    ["bytes 0-1", null],
    ["items=0-1", null],
    ["bytes=0x1-2", null],
    [`bytes=${Array.from({ length: 17 }, (_, i) => `${i}-${i}`).join(",")}`, null],
  ];
  test.each(cases)("%s", (field, expected) => {
    const parts = byteRanges(field, 10);
    expect(parts?.map(({ start, end }) => [start, end]) ?? null).toEqual(expected);
  });

  test("an empty file has none", () => {
    expect(byteRanges("bytes=0-", 0)).toEqual([]);
    expect(byteRanges("bytes=-5", 0)).toEqual([]);
  });
});
