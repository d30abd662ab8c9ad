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
  const odd = 'a"\\\n\u007f\u00e9, b c';
  expect(text((buffer) => buffer.quoted(odd))).toBe(String.raw`a\"\\\x0a\x7f\xe9, b c`);
  expect(text((buffer) => buffer.bare(odd))).toBe(String.raw`a\"\\\x0a\x7f\xe9, b\x20c`);
  expect(text((buffer) => buffer.json(odd))).toBe(String.raw`a\"\\\u000a\u007f\u00e9, b c`);
});

test("UTF-8 stays, as bytes of a peer and as text of our own; what only looks like it is escaped", () => {
  const bytes = (value: string) => Buffer.from(value).toString("latin1");
  const both = (value: string) => [
    text((buffer) => buffer.quoted(value)),
    text((buffer) => buffer.json(value)),
  ];
  for (const word of ["caf\u00e9", "\u20ac, \u{1f600}", "\ufffd"])
    expect(both(bytes(word))).toEqual([word, word]);
  expect(both("\u20ac\u{1f600}")).toEqual(["\u20ac\u{1f600}", "\u20ac\u{1f600}"]);
  // C1 controls and line separators, too long forms, halves of pairs, beyond the last, cut off.
  expect(both(bytes("\u009b"))).toEqual([String.raw`\xc2\x9b`, String.raw`\u00c2\u009b`]);
  expect(both(bytes("\u2028"))[0]).toBe(String.raw`\xe2\x80\xa8`);
  expect(both("\u2028")).toEqual([String.raw`\u2028`, String.raw`\u2028`]);
  expect(both("\xc0\xaf\xe0\x80\xaf")[0]).toBe(String.raw`\xc0\xaf\xe0\x80\xaf`);
  expect(both("\xed\xa0\x80")[0]).toBe(String.raw`\xed\xa0\x80`);
  expect(both("\xf4\x90\x80\x80")[0]).toBe(String.raw`\xf4\x90\x80\x80`);
  expect(both("\xe2\x82")[0]).toBe(String.raw`\xe2\x82`);
  expect(both("\ud83d")).toEqual([String.raw`\ud83d`, String.raw`\ud83d`]);
});

test("any text is what JSON says it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      // Code units below U+0100 are bytes.
      const bytes = Buffer.from(value).toString("latin1");
      const parsed = JSON.parse(`"${text((buffer) => buffer.json(bytes))}"`);
      const escaped = (character: string) => Buffer.from(character).toString("latin1");
      expect(parsed).toBe(value.replace(/[\u0080-\u009f\u2028\u2029]/g, escaped));
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

test("JSON has what HTML would read something into escaped, as Go's encoder", () => {
  const buffer = new LineBuffer();
  buffer.json("/a?b=1&c=<d>");
  expect(new TextDecoder().decode(buffer.take())).toBe(String.raw`/a?b=1\u0026c=\u003cd\u003e`);
  buffer.quoted("a&b");
  expect(new TextDecoder().decode(buffer.take())).toBe("a&b");
});
