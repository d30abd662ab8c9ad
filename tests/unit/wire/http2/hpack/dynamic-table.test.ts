import { expect, test } from "bun:test";
import { DynamicTable } from "../../../../../src/wire/http2/hpack/dynamic-table.ts";
import { SEQUENCES } from "./appendix-c.ts";

class Entry {
  readonly name: string;
  readonly size: number;

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }
}

class Recorded extends DynamicTable<Entry> {
  readonly gone: string[] = [];

  protected override evicted(entry: Entry): void {
    this.gone.push(entry.name);
  }
}

function names(table: DynamicTable<Entry>): string[] {
  return Array.from({ length: table.count }, (_, age) => table.get(age)!.name);
}

test("the newest entry comes first, the oldest goes first", () => {
  const table = new Recorded(100);
  table.add(new Entry("a", 40));
  table.add(new Entry("b", 40));
  expect(names(table)).toEqual(["b", "a"]);
  expect(table.size).toBe(80);
  table.add(new Entry("c", 20));
  expect([names(table), table.size, table.gone]).toEqual([["c", "b", "a"], 100, []]);
  table.add(new Entry("d", 33));
  expect([names(table), table.size, table.gone]).toEqual([["d", "c", "b"], 93, ["a"]]);
  table.add(new Entry("e", 100));
  expect([names(table), table.size, table.gone]).toEqual([["e"], 100, ["a", "b", "c", "d"]]);
  expect([table.get(1), table.get(-1), table.added]).toEqual([undefined, undefined, 5]);
});

test("resizing and clearing", () => {
  const table = new Recorded(100);
  for (const name of ["a", "b", "c"]) table.add(new Entry(name, 33));
  table.resize(98);
  expect([names(table), table.size]).toEqual([["c", "b"], 66]);
  table.resize(200);
  expect([names(table), table.capacity]).toEqual([["c", "b"], 200]);
  table.clear();
  expect([names(table), table.size]).toEqual([[], 0]);
  table.resize(0);
  table.add(new Entry("d", 0));
  expect(table.gone).toEqual(["a", "b", "c"]);
});

test("hundreds of entries, coming and going", () => {
  const table = new DynamicTable<Entry>(32 * 300);
  let model: string[] = [];
  for (let i = 0; i < 5000; i++) {
    if (i % 700 === 699) {
      const size = 32 * (i % 400);
      table.resize(size);
      model = model.slice(0, i % 400);
      table.resize(32 * 300);
    }
    table.add(new Entry(String(i), 32));
    model = [String(i), ...model].slice(0, 300);
    if (i % 97 === 0) expect(names(table)).toEqual(model);
  }
  expect(names(table)).toEqual(model);
});

test("sizes of the tables of RFC 7541 appendix C", () => {
  for (const { maxTableSize, examples } of SEQUENCES) {
    const table = new DynamicTable<Entry>(maxTableSize);
    let before: readonly (readonly [string, string])[] = [];
    for (const { list, table: expected, tableSize } of examples) {
      // The fields that are new in the table, in the order of the list.
      const added = list.filter((header) => expected.includes(header) && !before.includes(header));
      for (const [name, value] of added) {
        table.add(new Entry(name, name.length + value.length + 32));
      }
      expect(names(table)).toEqual(expected.map(([name]) => name));
      expect(table.size).toBe(tableSize);
      before = expected;
    }
  }
});
