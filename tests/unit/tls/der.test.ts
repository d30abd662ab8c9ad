import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  der,
  derInteger,
  derObjectIdentifier,
  derTime,
  INTEGER,
  OCTET_STRING,
  readDer,
  readDerList,
  readInteger,
  readObjectIdentifier,
  readText,
  readTime,
  SEQUENCE,
} from "../../../src/tls/der.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

test("content of any length comes back", () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65535, 65536, 70000]) {
    const content = new Uint8Array(length).fill(3);
    expect(readDer(der(OCTET_STRING, content), OCTET_STRING).content).toEqual(content);
  }
});

test.each([
  ["0.9.2342", "06 03 09 92 26"],
  ["1.2.840.10045.4.3.2", "06 08 2a 86 48 ce 3d 04 03 02"],
  ["2.5.4.3", "06 03 55 04 03"],
])("object identifier %s", (dotted, hex) => {
  expect(derObjectIdentifier(dotted)).toEqual(bytes(hex));
  expect(readObjectIdentifier(readDerList(bytes(hex))[0])).toBe(dotted);
});

test("an object identifier whose second number is above 39", () => {
  expect(readObjectIdentifier(readDerList(bytes("06 03 88 37 03"))[0])).toBe("2.999.3");
});

test.each([
  ["00", 0n],
  ["7f", 127n],
  ["0080", 128n],
  ["80", -128n],
  ["ff", -1n],
  ["0100000000000000000000", 2n ** 80n],
])("integer %s", (hex, value) => {
  expect(readInteger(readDerList(der(INTEGER, bytes(hex)))[0])).toBe(value);
});

test("integers are written as short as can be, and are not negative", () => {
  expect(derInteger(bytes("00 00 7f"))).toEqual(bytes("02 01 7f"));
  expect(derInteger(bytes("80"))).toEqual(bytes("02 02 00 80"));
  expect(derInteger(bytes("00"))).toEqual(bytes("02 01 00"));
});

test.each([
  ["170d3439313233313233353935395a", "2049-12-31T23:59:59Z"],
  ["170d3530303130313030303030305a", "1950-01-01T00:00:00Z"],
  ["180f32303530303130313030303030305a", "2050-01-01T00:00:00Z"],
])("time %s", (hex, iso) => {
  expect(readTime(readDerList(bytes(hex))[0])).toBe(Date.parse(iso));
  if (!iso.startsWith("1")) expect(derTime(Date.parse(iso))).toEqual(bytes(hex));
});

test("texts", () => {
  expect(readText(readDerList(bytes("0c 03 c3 bc 61"))[0])).toBe("üa");
  expect(readText(readDerList(bytes("13 01 61"))[0])).toBe("a");
  expect(readText(readDerList(bytes("1e 04 00 fc 00 61"))[0])).toBe("üa");
});

describe("what isn't DER", () => {
  test.each([
    ["a tag alone", "30"],
    ["an indefinite length", "30 80 00 00"],
    ["a length longer than it must be", "30 81 01 00"],
    ["a longer length longer than it must be", "30 82 00 ff"],
    ["a length cut off", "30 82 01"],
    ["a length of five bytes", "30 85 01 00 00 00 00"],
    ["content cut off", "30 02 01"],
    ["a tag of several bytes", "1f 81 01 00"],
    ["bytes behind it", "30 00 00 00"],
    ["another tag", "31 00"],
    ["nothing", ""],
  ])("%s", (_, hex) => {
    expect(() => readDer(bytes(hex), SEQUENCE)).toThrow("malformed DER");
  });

  test("an object identifier or an integer without an end", () => {
    expect(() => readObjectIdentifier(readDerList(bytes("06 01 88"))[0])).toThrow();
    expect(() => readObjectIdentifier(readDerList(bytes("06 00"))[0])).toThrow();
    expect(() => readInteger(readDerList(bytes("02 00"))[0])).toThrow();
    expect(() => readTime(readDerList(bytes("17 01 5a"))[0])).toThrow('a time of "Z"');
    expect(() => readTime(undefined)).toThrow("found nothing");
  });

  test("any bytes are values or an Error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (input) => {
        let values: ReturnType<typeof readDerList>;
        try {
          values = readDerList(input);
        } catch (error) {
          expect((error as Error).message).toStartWith("malformed DER");
          return;
        }
        const written = values.flatMap(({ tag, content }) => [...der(tag, content)]);
        expect(Uint8Array.from(written)).toEqual(input);
      }),
      { numRuns: 2000 },
    );
  });
});
