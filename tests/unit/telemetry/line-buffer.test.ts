import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineBuffer } from "../../../src/telemetry/access-log/line-buffer.ts";

const text = (write: (buffer: LineBuffer) => void) => {
  const buffer = new LineBuffer();
  write(buffer);
  return new TextDecoder().decode(buffer.take());
};

test("whole numbers", () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.nat(1000)), (value) => {
      expect(text((buffer) => buffer.integer(value))).toBe(String(value));
    }),
  );
  for (const value of [0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 1e15]) {
    expect(text((buffer) => buffer.integer(value))).toBe(String(value));
  }
  expect(text((buffer) => buffer.integer(Number.NaN))).toBe("0");
});

test("escapes", () => {
  const odd = 'a"\\\n\u007f\u00e9\u20ac, b c';
  expect(text((buffer) => buffer.quoted(odd))).toBe(String.raw`a\"\\\x0a\x7f\xe9\u20ac, b c`);
  expect(text((buffer) => buffer.bare(odd))).toBe(String.raw`a\"\\\x0a\x7f\xe9\u20ac, b\x20c`);
  expect(text((buffer) => buffer.json(odd))).toBe(String.raw`a\"\\\u000a\u007f\u00e9\u20ac, b c`);
});

test("any text is what JSON says it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      expect(JSON.parse(`"${text((buffer) => buffer.json(value))}"`)).toBe(value);
    }),
  );
});

test("what was taken stays as it was", () => {
  const buffer = new LineBuffer();
  buffer.ascii("first");
  const first = buffer.take();
  buffer.raw(new Uint8Array(300_000).fill(0x61));
  expect(buffer.length).toBe(300_000);
  buffer.take();
  buffer.ascii("other");
  expect(new TextDecoder().decode(first)).toBe("first");
  expect(new TextDecoder().decode(buffer.take())).toBe("other");
});
