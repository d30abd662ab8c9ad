import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearest } from "../../../src/config/nearest.ts";

const word = fc.stringMatching(/^[abc]{0,7}$/);

describe("the distance of two words", () => {
  test.each([
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["addres", "address", 1],
    ["adderss", "address", 1],
    ["ca", "abc", 3],
  ])("%s, %s", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  test("is none for the same word alone, and the same both ways", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });

  test("is one for one insertion, deletion, substitution or swap of neighbours", () => {
    fc.assert(
      fc.property(
        word,
        fc.nat(),
        fc.constantFrom("insert", "delete", "put", "swap"),
        (a, n, edit) => {
          const i = n % (a.length + 1);
          const [x = "", y = ""] = a.slice(i);
          const rest = a.slice(i + x.length);
          const b =
            a.slice(0, i) +
            {
              insert: `x${x}${rest}`,
              delete: rest,
              put: x === "" ? "" : `x${rest}`,
              swap: `${y}${x}${rest.slice(y.length)}`,
            }[edit];
          expect(editDistance(a, b)).toBe(a === b ? 0 : 1);
        },
      ),
    );
  });
});

test("the nearest word, in any case, where one is near", () => {
  const known = ["entryPoints", "providers", "api", "log", "accessLog"];
  expect(nearest("ENTRYPOINT", known)).toBe("entryPoints");
  expect(nearest("acceslog", known)).toBe("accessLog");
  expect(nearest("provdiers", known)).toBe("providers");
  expect(nearest("certificates", known)).toBeUndefined();
  expect(nearest("log", [])).toBeUndefined();
});
