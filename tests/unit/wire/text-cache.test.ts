import { expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../src/core/bytes.ts";
import { TextCache } from "../../../src/wire/text-cache.ts";

test("texts are those of the bytes, whatever was asked for before", () => {
  const cache = new TextCache();
  const texts = Array.from(
    { length: 3000 },
    (_, i) => `/route${i % 700}/${"\u00e9".repeat(i % 9)}`,
  );
  // Of one place: the same end and length.
  texts.push("", "a", "/aaaa/12345678", "/bbbb/12345678", "/aaaa/12345678", "x".repeat(257));
  for (const text of texts) {
    const bytes = latin1Bytes(`<${text}>`);
    expect(cache.get(bytes, 1, bytes.length - 1)).toBe(text);
    expect(cache.get(bytes, 1, bytes.length - 1)).toBe(latin1(bytes, 1, bytes.length - 1));
  }
});
