import { describe, expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../../src/core/bytes.ts";
import { HpackError } from "../../../../../src/wire/http2/hpack/hpack-error.ts";
import {
  huffmanDecode,
  huffmanDecodedBound,
  huffmanEncode,
  huffmanLength,
} from "../../../../../src/wire/http2/hpack/huffman.ts";
import { hex } from "./header-list.ts";
import { HUFFMAN_CODES } from "./huffman-codes.ts";
import { huffman } from "./naive-hpack.ts";

/** With foreign bytes around: only the range given may count, and be written. */
function encode(text: string): Uint8Array {
  const source = latin1Bytes(`!${text}!`);
  const length = huffmanLength(source, 1, source.length - 1);
  const target = new Uint8Array(length + 2).fill(0xa5);
  expect(huffmanEncode(source, 1, source.length - 1, target, 1)).toBe(length + 1);
  expect([target[0], target[length + 1]]).toEqual([0xa5, 0xa5]);
  return target.slice(1, length + 1);
}

function decode(code: Uint8Array): string {
  const source = Uint8Array.of(0x5a, ...code, 0x5a);
  const target = new Uint8Array(huffmanDecodedBound(code.length) + 2).fill(0xa5);
  const end = huffmanDecode(source, 1, source.length - 1, target, 1);
  expect([target[0], target[target.length - 1]]).toEqual([0xa5, 0xa5]);
  return latin1(target, 1, end);
}

/** Bytes of bits, filled up with ones. */
function bits(text: string): Uint8Array {
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, "1");
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
}

const EOS = HUFFMAN_CODES[256];
const every = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet));

describe("every octet", () => {
  test("has the code of RFC 7541 appendix B", () => {
    for (const [octet, character] of every.entries()) {
      expect(encode(character)).toEqual(bits(HUFFMAN_CODES[octet]));
      expect(decode(bits(HUFFMAN_CODES[octet]))).toBe(character);
    }
  });

  test("is read behind any number of bits, before any other", () => {
    for (const character of every) {
      for (let before = 0; before < 8; before++) {
        // Codes of 5 bits shift what follows through all places in an octet.
        for (const after of ["", "0", "~", "\n", "\xff", "\xffab"]) {
          const text = "a".repeat(before) + character + after;
          expect(encode(text)).toEqual(Uint8Array.from(huffman(text)));
          expect(decode(encode(text))).toBe(text);
        }
      }
    }
  });

  test("all in a row", () => {
    const text = every.join("") + every.toReversed().join("");
    expect(encode(text)).toEqual(Uint8Array.from(huffman(text)));
    expect(decode(encode(text))).toBe(text);
  });
});

test("strings of RFC 7541 appendix C", () => {
  const strings: [string, string][] = [
    ["www.example.com", "f1e3 c2e5 f23a 6ba0 ab90 f4ff"],
    ["no-cache", "a8eb 1064 9cbf"],
    ["custom-key", "25a8 49e9 5ba9 7d7f"],
    ["custom-value", "25a8 49e9 5bb8 e8b4 bf"],
    ["302", "6402"],
    ["private", "aec3 771a 4b"],
    ["Mon, 21 Oct 2013 20:13:21 GMT", "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff"],
    ["https://www.example.com", "9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3"],
  ];
  for (const [text, code] of strings) {
    expect(encode(text)).toEqual(hex(code));
    expect(decode(hex(code))).toBe(text);
  }
});

test("nothing is nothing", () => {
  expect(encode("")).toEqual(new Uint8Array(0));
  expect(decode(new Uint8Array(0))).toBe("");
});

describe("padding", () => {
  // "0" has 5 bits, so that n of them leave 1 to 7 bits, or none.
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("of ones behind %d codes", (count) => {
    const codes = "00000".repeat(count);
    expect(decode(bits(codes))).toBe("0".repeat(count));
    const padding = (8 - (codes.length % 8)) % 8;
    for (let bit = 0; bit < padding; bit++) {
      const wrong = `${codes}${"1".repeat(bit)}0${"1".repeat(padding - bit - 1)}`;
      // A 0 among the ones: no padding, and no code either, as the shortest have 5 bits and not so many ones.
      const fits = HUFFMAN_CODES.some((code) => wrong.slice(codes.length).startsWith(code));
      if (!fits) expect(() => decode(bits(wrong))).toThrow(HpackError);
    }
  });

  test.each([8, 9, 15, 16, 23, 24, 29])("of %d ones or more is refused", (ones) => {
    for (const text of ["", "a", "ab", "abc", "abcd", "\n\xff"]) {
      const code = Array.from(text, (character) => HUFFMAN_CODES[character.charCodeAt(0)]).join("");
      expect(() => decode(bits(code + "1".repeat(ones)))).toThrow(HpackError);
    }
  });
});

test("a code that breaks off is refused", () => {
  for (const code of HUFFMAN_CODES) {
    for (let length = 1; length < code.length; length++) {
      const part = code.slice(0, length);
      // In whole octets, behind codes of 5 bits; only ones are padding.
      const before = [0, 1, 2, 3, 4, 5, 6, 7].find((count) => (count * 5 + length) % 8 === 0)!;
      if (!part.includes("0") && length < 8) continue;
      const codes = "00000".repeat(before) + part;
      if (HUFFMAN_CODES.some((whole) => part.startsWith(whole))) continue;
      expect(() => decode(bits(codes))).toThrow(
        "ends in the middle of a code, or in padding that isn't up to 7 ones",
      );
    }
  }
});

test("EOS is refused, wherever it stands", () => {
  for (const before of ["", "00000", "00000".repeat(3), HUFFMAN_CODES[10], HUFFMAN_CODES[255]]) {
    for (const after of ["", "00000", "1111111111", EOS]) {
      expect(() => decode(bits(before + EOS + after))).toThrow("EOS");
    }
  }
});
