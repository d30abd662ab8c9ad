import { describe, expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import {
  connectionOptions,
  optionEnd,
  optionStart,
} from "../../../../src/wire/http1/head/connection-options.ts";

/** The options as the byte walk finds them, null where the value is no list of tokens. */
function walk(value: string): string[] | null {
  const bytes = latin1Bytes(`..${value}..`);
  const end = bytes.length - 2;
  const options: string[] = [];
  let stop = 2;
  for (let at = optionStart(bytes, 2, end); at < end; at = optionStart(bytes, stop, end)) {
    stop = optionEnd(bytes, at, end);
    if (stop < 0) return null;
    options.push(latin1(bytes, at, stop).toLowerCase());
  }
  return options;
}

describe("connection options", () => {
  const lists: [value: string, options: string[]][] = [
    ["", []],
    ["close", ["close"]],
    ["Keep-Alive", ["keep-alive"]],
    ["keep-alive, Upgrade", ["keep-alive", "upgrade"]],
    [" \tclose\t ,,\t, x-a ", ["close", "x-a"]],
    [",", []],
    ["a,b,c", ["a", "b", "c"]],
  ];
  for (const [value, options] of lists) {
    test(JSON.stringify(value), () => {
      expect(walk(value)).toEqual(options);
      expect(connectionOptions(value)).toEqual(options);
    });
  }

  for (const value of ["a b", "a;b", "close, a=b", '"close"', "a, (b)", "\xe4", "a\0"]) {
    test(`${JSON.stringify(value)} is no list of tokens`, () => {
      expect(walk(value)).toBeNull();
    });
  }

  test("members that are no tokens can't name a field", () => {
    expect(connectionOptions("x-a, b c, x-d, e;f")).toEqual(["x-a", "x-d"]);
  });
});
