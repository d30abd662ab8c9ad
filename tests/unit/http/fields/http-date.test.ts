import { expect, test } from "bun:test";
import { parseHttpDate } from "../../../../src/http/fields/http-date.ts";

const TIME = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each([
  ["Sun, 06 Nov 1994 08:49:37 GMT", TIME],
  ["Sunday, 06-Nov-94 08:49:37 GMT", TIME],
  ["Sun Nov  6 08:49:37 1994", TIME],
  ["Thu Nov 16 08:49:37 2034", Date.UTC(2034, 10, 16, 8, 49, 37)],
  ["Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
  ["Sun, 06 Nov 1994 08:49:37 CET", null],
  ["Sun, 06 Nov 1994 08:49:37", null],
  ["Sun, 6 Nov 1994 08:49:37 GMT", null],
  ["Sun, 31 Nov 1994 08:49:37 GMT", null],
  ["Sun, 06 Nov 1994 24:00:00 GMT", null],
  ["1994-11-06T08:49:37Z", null],
  ["0", null],
  ["", null],
])("%s", (text, expected) => {
  expect(parseHttpDate(text)).toBe(expected);
});

test("two digits of a year are at most 50 years ahead", () => {
  const year = new Date().getUTCFullYear();
  const [ahead, behind] = [(year + 49) % 100, (year + 52) % 100];
  const of = (two: number) => String(two).padStart(2, "0");
  const found = (two: number) =>
    new Date(parseHttpDate(`Monday, 01-Jan-${of(two)} 00:00:00 GMT`)!).getUTCFullYear();
  expect([found(ahead) <= year + 50, found(behind) <= year + 50]).toEqual([true, true]);
  expect([found(ahead) % 100, found(behind) % 100]).toEqual([ahead, behind]);
});
