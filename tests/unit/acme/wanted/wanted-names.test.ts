import { expect, test } from "bun:test";
import {
  keyOf,
  NameSet,
  orderedNames,
  withoutRepetitions,
} from "../../../../src/acme/wanted/wanted-names.ts";

test("names are ordered in lower case, without a final dot, each once", () => {
  const names = orderedNames({ main: " A.Test. ", sans: ["b.test", "a.test", ""] }, false);
  expect(names).toEqual(["a.test", "b.test"]);
  expect(orderedNames({ main: "", sans: ["x.test"] }, false)).toEqual(["x.test"]);
  expect(orderedNames({ main: "2001:DB8::1", sans: ["127.0.0.1"] }, false)).toHaveLength(2);
  expect(orderedNames({ main: "*.a.test", sans: [] }, true)).toEqual(["*.a.test"]);
});

test.each([
  ["*.a.test", false, "a wildcard needs a dnsChallenge"],
  ["*.*.a.test", true, "no wildcards below a wildcard"],
  ["a.*.test", true, "expected a name in ASCII"],
  ["bücher.test", true, "expected a name in ASCII"],
  ["-a.test", true, "expected a name in ASCII"],
  ["a..test", true, "expected a name in ASCII"],
  [`${"a".repeat(64)}.test`, true, "expected a name in ASCII"],
])("%s can't be ordered", (name, dns, message) => {
  expect(() => orderedNames({ main: name, sans: [] }, dns)).toThrow(message);
});

test("a certificate covers its names, and one label below its wildcards", () => {
  const names = new NameSet(["a.test", "*.b.test"]);
  for (const name of ["a.test", "x.b.test", "*.b.test"]) expect(names.covers(name)).toBe(true);
  for (const name of ["b.test", "x.y.b.test", "x.a.test", "*.a.test"])
    expect(names.covers(name)).toBe(false);
});

test("what another entry covers is ordered once", () => {
  const said: string[] = [];
  const lists = [
    ["a.test", "b.test"],
    ["*.w.test"],
    ["x.w.test"],
    ["b.test", "a.test"],
    ["y.w.test", "z.test"],
  ];
  expect(withoutRepetitions(lists, (message) => said.push(message))).toEqual([
    ["a.test", "b.test"],
    ["*.w.test"],
    ["z.test"],
  ]);
  expect(said).toEqual([
    "the domain x.w.test is covered by *.w.test",
    "domains b.test,a.test are listed twice",
    "the domain y.w.test is covered by *.w.test",
  ]);
  expect(keyOf(["b", "a"])).toBe(keyOf(["a", "b"]));
});
