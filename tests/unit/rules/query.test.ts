import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { someQueryValue } from "../../../src/rules/query.ts";

/** All values of the key. */
function values(target: string, key: string): string[] {
  const found: string[] = [];
  someQueryValue(target, key, (value) => {
    found.push(value);
    return false;
  });
  return found;
}

describe("values of k", () => {
  const cases: Record<string, string[]> = {
    "/": [],
    "/?": [],
    "/?k": [""],
    "/?k=": [""],
    "/?k=v": ["v"],
    "/?k=v&": ["v"],
    "/?&&k=v&&": ["v"],
    "/?a=1&k=v&b=2&k=w&k": ["v", "w", ""],
    "/?kk=1&K=2&ak=3&=k": [],
    "/?k=a=b": ["a=b"],
    "/?k=a+b%20c": ["a b c"],
    "/?%6b=1&%6B=2": ["1", "2"],
    "/?k=%26%3D%3b%2B": ["&=;+"],
    "/?k=%C3%A9": ["é"],
    "/?k=\xc3\xa9": ["é"],
    "/?k=%ff": ["\ufffd"],
    "/?k=%EF%BB%BFx": ["\ufeffx"],
    "/?k=%&k=%4&k=%zz&k=%4x&k=ok": ["ok"],
    "/?k=1;x=2&k=3": ["3"],
    "/?a;k=1": [],
    "/?k=?k=": ["?k="],
    "/k=v": [],
  };
  for (const [target, expected] of Object.entries(cases)) {
    test(target, () => expect(values(target, "k")).toEqual(expected));
  }
});

test("keys are decoded too", () => {
  expect(values("/?%C3%A9+=1&\xc3\xa9%20=2", "é ")).toEqual(["1", "2"]);
  expect(values("/?é=1", "é")).toEqual([]);
  expect(values("/?a%zz=1", "a")).toEqual([]);
});

test("stops at the first value that matches", () => {
  const seen: string[] = [];
  const found = someQueryValue("/?k=1&k=2&k=3", "k", (value) => {
    seen.push(value);
    return value === "2";
  });
  expect([found, seen]).toEqual([true, ["1", "2"]]);
});

test("reads what URLSearchParams writes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), {
        maxLength: 6,
      }),
      fc.string({ unit: "grapheme" }),
      (pairs, other) => {
        const target = `/p?${new URLSearchParams(pairs)}`;
        for (const key of [...pairs.map(([name]) => name), other]) {
          expect(values(target, key)).toEqual(
            pairs.filter(([name]) => name === key).map(([, value]) => value),
          );
        }
      },
    ),
  );
});
