import { expect, test } from "bun:test";
import { DemandedNames, isOrderableName } from "../../../src/tls/demanded-names.ts";

test("names that an authority can have, and no others", () => {
  const good = ["a.example.com", "x.test", "xn--bcher-kva.example", "1.2.example", "a-b.c--d.io"];
  const bad = [
    ...["", "localhost", "a.localhost", "printer.local", "x.onion", "1.0.0.127.in-addr.arpa"],
    ...["127.0.0.1", "::1", "1.2.3.4.5", "a..test", ".a.test", "a.test.", "-a.test", "a-.test"],
    ...["a_b.test", "*.a.test", "a.t", "A.test", "a.test\n", `${"a".repeat(64)}.test`],
    `${"a.".repeat(125)}test`,
  ];
  expect(good.filter((name) => !isOrderableName(name))).toEqual([]);
  expect(bad.filter((name) => isOrderableName(name))).toEqual([]);
});

test("each name is told once a minute, twenty a second at most, and a flood is bounded", () => {
  const told: string[] = [];
  let now = 0;
  const names = new DemandedNames(
    (name) => told.push(name),
    () => now,
  );
  const taken = () => told.splice(0);
  for (const name of ["a.test", "a.test", "127.0.0.1", "b.test", "a.test"]) names.add(name);
  expect(taken()).toEqual(["a.test", "b.test"]);
  for (let i = 0; i < 100_000; i++) names.add(`n${i}.test`);
  expect(taken()).toHaveLength(18);
  now = 1000;
  names.add("a.test");
  names.add("n99999.test");
  expect(taken()).toEqual(["n99999.test"]);
  now = 31_000;
  names.add("a.test");
  expect(taken()).toEqual([]);
  now = 62_000;
  names.add("a.test");
  expect(taken()).toEqual(["a.test"]);
  // Long after, and with more names than are kept.
  now = 1_000_000;
  for (let i = 0; i < 3000; i++) {
    names.add(`n${i}.test`);
    if (i % 20 === 19) now += 1000;
  }
  expect(taken()).toHaveLength(3000);
});
