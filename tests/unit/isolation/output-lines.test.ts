import { expect, test } from "bun:test";
import { OutputLines } from "../../../src/isolation/output-lines.ts";

function scene() {
  const lines: string[] = [];
  const left: number[] = [];
  const output = new OutputLines(
    (line) => void lines.push(line),
    (count) => void left.push(count),
  );
  const write = (text: string, now = 0) => output.write(new TextEncoder().encode(text), now);
  return { lines, left, output, write };
}

test("lines are put together from pieces; characters, too, may be cut; the last needs no end", () => {
  const { lines, output, write } = scene();
  write("one\r\ntw");
  const [first, second] = new TextEncoder().encode("\u00fc");
  output.write(Uint8Array.of(first), 0);
  output.write(Uint8Array.of(second), 0);
  write("\n\nlast");
  expect(lines).toEqual(["one", "tw\u00fc"]);
  output.end(0);
  expect(lines).toEqual(["one", "tw\u00fc", "last"]);
});

test("a line has a limit, and its rest is no line of its own", () => {
  const { lines, write } = scene();
  write("a".repeat(8192));
  write("b".repeat(100_000));
  write("c\nnext\n");
  expect(lines).toEqual([`${"a".repeat(8192)}...`, "next"]);
});

test("a second has a limit, and what was left out is counted", () => {
  const { lines, left, output, write } = scene();
  write("x\n".repeat(1000), 1000);
  expect([lines.length, left]).toEqual([200, []]);
  write("y\n", 2000);
  expect([lines.length, left]).toEqual([201, [800]]);
  write("y\n".repeat(200), 2000);
  output.end(2000);
  expect([lines.length, left]).toEqual([400, [800, 1]]);
});
