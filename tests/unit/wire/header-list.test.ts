import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { latin1, latin1Bytes } from "../../../src/core/bytes.ts";
import { FieldId, fieldIdOfBytes } from "../../../src/wire/field-names.ts";
import type { Fields } from "../../../src/wire/fields.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";

/** A list as a parser would make it: offsets into received bytes. */
function received(pairs: readonly (readonly [string, string])[]): HeaderList {
  const fields: Fields = [];
  let text = "";
  for (const [name, value] of pairs) {
    const at = text.length;
    text += `${name}: ${value}\r\n`;
    const bytes = latin1Bytes(text);
    fields.push(
      fieldIdOfBytes(bytes, at, at + name.length),
      at,
      at + name.length,
      at + name.length + 2,
      text.length - 2,
    );
  }
  return new HeaderList(latin1Bytes(text), fields);
}

function written(list: HeaderList, skip = new Uint8Array(64)): string {
  const target = new Uint8Array(list.byteLength);
  return latin1(target, 0, list.writeTo(target, 0, skip));
}

const name = fc.constantFrom(
  "Host",
  "x-custom",
  "X-Custom",
  "Cookie",
  "set-cookie",
  "Accept",
  "x-other",
);
const value = fc
  .string({ unit: fc.constantFrom("a", "b", " ", "é", ";", "="), maxLength: 12 })
  .map((text) => text.trim());
const pair = fc.tuple(name, value);
const step = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), name, value }),
  fc.record({ kind: fc.constant("append" as const), name, value }),
  fc.record({ kind: fc.constant("delete" as const), name, value }),
);

describe("HeaderList", () => {
  test("reads what was received, in any case, with all values of a name", () => {
    const list = received([
      ["HOST", "a.example"],
      ["X-One", "1"],
      ["x-one", "2"],
      ["X-Two", ""],
    ]);
    expect(list.first("host")).toBe("a.example");
    expect(list.get("x-one")).toBe("1, 2");
    expect(list.all("x-one")).toEqual(["1", "2"]);
    expect(list.first("x-two")).toBe("");
    expect(list.get("x-three")).toBeNull();
    for (const pair of ["a=1", "b=2"]) list.append("Cookie", pair);
    expect(list.get("cookie")).toBe("a=1; b=2");
    expect(list.findId(FieldId.host)).toBe(0);
  });

  test("set puts one field at the end in the place of all of that name", () => {
    const list = received([
      ["A", "1"],
      ["B", "2"],
      ["a", "3"],
    ]);
    list.set("A", "4");
    expect([...list.entries()]).toEqual([
      ["B", "2"],
      ["A", "4"],
    ]);
  });

  test("a clone is independent", () => {
    const list = received([["A", "1"]]);
    list.append("B", "2");
    const copy = list.clone();
    copy.set("A", "9");
    copy.delete("b");
    expect(written(list)).toBe("A: 1\r\nB: 2\r\n");
    expect(written(copy)).toBe("A: 9\r\n");
  });

  test("writeTo leaves out the ids to skip", () => {
    const skip = new Uint8Array(64);
    skip[FieldId.host] = 1;
    expect(
      written(
        received([
          ["Host", "a"],
          ["B", "2"],
        ]),
        skip,
      ),
    ).toBe("B: 2\r\n");
  });

  test("behaves as a plain list of pairs under any sequence of changes", () => {
    fc.assert(
      fc.property(
        fc.array(pair, { maxLength: 6 }),
        fc.array(step, { maxLength: 8 }),
        (start, steps) => {
          const list = received(start);
          let model = start.map(([n, v]) => [n, v] as [string, string]);
          for (const { kind, name: n, value: v } of steps) {
            const same = ([other]: [string, string]) => other.toLowerCase() === n.toLowerCase();
            if (kind === "append") {
              list.append(n, v);
              model.push([n, v]);
            } else if (kind === "delete") {
              list.delete(n.toLowerCase());
              model = model.filter((entry) => !same(entry));
            } else {
              list.set(n, v);
              model = [...model.filter((entry) => !same(entry)), [n, v]];
            }
          }
          expect([...list.entries()]).toEqual(model);
          expect(written(list)).toBe(model.map(([n, v]) => `${n}: ${v}\r\n`).join(""));
          expect(list.byteLength).toBeGreaterThanOrEqual(written(list).length);
        },
      ),
    );
  });
});
