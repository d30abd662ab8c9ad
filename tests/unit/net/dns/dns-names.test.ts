import { expect, test } from "bun:test";
import { latin1Bytes } from "../../../../src/core/bytes.ts";
import {
  decodeName,
  encodeName,
  nameInZone,
  namesUpwards,
} from "../../../../src/net/dns/dns-names.ts";

test("names are written as labels and read back", () => {
  const bytes = encodeName("_acme-challenge.Example.com");
  expect(bytes).toEqual(latin1Bytes("\x0f_acme-challenge\x07Example\x03com\0"));
  expect(decodeName(bytes, 0)).toEqual({ name: "_acme-challenge.Example.com.", end: 29 });
  expect(encodeName("A.B.", true)).toEqual(latin1Bytes("\x01a\x01b\0"));
  expect(encodeName(".")).toEqual(latin1Bytes("\0"));
});

test("a pointer leads to an earlier name", () => {
  const message = latin1Bytes("\x07example\x03com\0\x03www\xc0\x00rest");
  expect(decodeName(message, 13)).toEqual({ name: "www.example.com.", end: 19 });
});

test.each([
  ["a pointer to itself", "\xc0\x00", 0],
  ["two pointers in a circle", "\xc0\x02\xc0\x00", 2],
  ["a pointer forwards", "\xc0\x02\x00", 0],
  ["half a pointer", "\xc0", 0],
  ["a label beyond the end", "\x05ab", 0],
  ["no final zero", "\x01a", 0],
  ["a label of an unknown kind", "\x80a\0", 0],
  ["a name that is too long", `${"\x3f".padEnd(64, "a").repeat(5)}\0`, 0],
])("%s is malformed", (_, text, at) => {
  expect(() => decodeName(latin1Bytes(text), at)).toThrow("malformed DNS message");
});

test.each(["a..b", `${"a".repeat(64)}.com`, "a.".repeat(130), ".com"])("%s is no name", (name) => {
  expect(() => encodeName(name)).toThrow("expected a domain name");
});

test("a name is taken apart upwards, and out of its zone", () => {
  expect(namesUpwards("a.b.c.")).toEqual(["a.b.c.", "b.c.", "c."]);
  expect(nameInZone("_acme-challenge.www.Example.com.", "example.com.")).toBe(
    "_acme-challenge.www",
  );
  expect(() => nameInZone("example.com.", "example.com.")).toThrow("expected a name below");
  expect(() => nameInZone("a.notexample.com.", "example.com.")).toThrow("expected a name below");
});
