import { expect, test } from "bun:test";
import { statusRanges } from "../../../../src/services/http/status-ranges.ts";

test("codes and ranges, both ends included", () => {
  const has = statusRanges(["404", " 500-502 "]);
  const found = [403, 404, 405, 499, 500, 502, 503].filter(has);
  expect(found).toEqual([404, 500, 502]);
  expect([200, 500].filter(statusRanges([]))).toEqual([]);
});

test.each(["40", "404,500", "502-500", "5xx", "", "1000"])("%p is no status", (text) => {
  expect(() => statusRanges([text])).toThrow(`found ${JSON.stringify(text)}`);
});
