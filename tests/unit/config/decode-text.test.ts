import { expect, test } from "bun:test";
import { decodeText } from "../../../src/config/sources/decode-text.ts";

const decode = (...parts: (string | number)[]) =>
  decodeText(
    Uint8Array.from(
      parts.flatMap((part) =>
        typeof part === "number" ? [part] : [...new TextEncoder().encode(part)],
      ),
    ),
    "f.yml",
  );

test("UTF-8 comes out as it is, without its byte order mark", () => {
  expect(decode("a: é😀\uFFFD\r\n")).toBe("a: é😀\uFFFD\r\n");
  expect(decode("\uFEFFa: 1")).toBe("a: 1");
  expect(decode()).toBe("");
});

test.each([
  ["Latin-1", ["a: 1\nb: caf", 0xe9, "\n"], "2:7"],
  ["a character cut off at the end", ["a: 1\n\nb: ", 0xf0, 0x9f], "3:4"],
  ["a character cut off at a line's end", ["é: ", 0xc3, "\nb: 1"], "1:4"],
  ["an overlong form", [0xc0, 0xaf], "1:1"],
  ["half of a surrogate pair", ["\n\n", 0xed, 0xa0, 0x80], "3:1"],
  ["UTF-16", [0xff, 0xfe, "a", 0], "1:1"],
] as const)("%s is refused where it stands", (_, parts, place) => {
  expect(() => decode(...parts)).toThrow(`f.yml:${place}: expected UTF-8 text`);
});
