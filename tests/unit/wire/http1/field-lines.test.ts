import { describe, expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { FieldId } from "../../../../src/wire/field-names.ts";
import { NO_FIELD, NOT_TO_UPSTREAM } from "../../../../src/wire/field-sets.ts";
import { type Fields, STRIDE } from "../../../../src/wire/fields.ts";
import { writeFieldLines } from "../../../../src/wire/http1/field-lines.ts";
import { FieldSection } from "../../../../src/wire/http1/head/field-section.ts";
import { refuseRequest } from "../../../../src/wire/http1/protocol-error.ts";

function parsed(section: string): { bytes: Uint8Array; fields: Fields } {
  const bytes = latin1Bytes(`${section}\r\n`);
  const scanner = new FieldSection(1000, refuseRequest);
  scanner.begin(1_000_000);
  expect(scanner.scan(bytes, 0, bytes.length)).toBe(bytes.length);
  return { bytes, fields: scanner.takeFields() };
}

/** Each field from its parts. */
function fromParts(bytes: Uint8Array, fields: Fields, skip: Readonly<Uint8Array>): string {
  let text = "";
  for (let i = 0; i < fields.length; i += STRIDE) {
    if (fields[i] < 0 || skip[fields[i]] === 1) continue;
    const name = latin1(bytes, fields[i + 1], fields[i + 2]);
    text += `${name}: ${latin1(bytes, fields[i + 3], fields[i + 4])}\r\n`;
  }
  return text;
}

function written(bytes: Uint8Array, fields: Fields, skip: Readonly<Uint8Array>): string {
  const target = new Uint8Array(bytes.length * 2 + 10);
  return latin1(target, 3, writeFieldLines(target, 3, bytes, fields, skip));
}

describe("lines are written as from their parts", () => {
  const lines = [
    "Host: a\r\n",
    "x-a: 1\r\n",
    "X-B:2\r\n",
    "X-C:  3\r\n",
    "X-D:\t4\r\n",
    "X-E: 5 \r\n",
    "X-F: 6\t\r\n",
    "X-Empty:\r\n",
    "X-Blank: \r\n",
    "Connection: close\r\n",
    "TE: trailers\r\n",
    `X-Long: ${"v".repeat(200)}\r\n`,
    "X-Colons: a: b: c\r\n",
  ];

  test("in any order, deleted or left out", () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let round = 0; round < 3000; round++) {
      const { bytes, fields } = parsed(
        Array.from({ length: random(9) }, () => lines[random(lines.length)]).join(""),
      );
      for (let i = 0; i < fields.length; i += STRIDE) {
        if (random(6) === 0) fields[i] = FieldId.deleted;
      }
      for (const skip of [NO_FIELD, NOT_TO_UPSTREAM]) {
        expect(written(bytes, fields, skip)).toBe(fromParts(bytes, fields, skip));
      }
    }
  });

  test("where fields stand side by side without a line's form, as a decoded block has them", () => {
    const bytes = latin1Bytes("nameXXvalueXXother: x\r\nlast: y\rzend");
    const fields = [0, 0, 4, 6, 11, 0, 13, 18, 20, 21, 0, 23, 27, 29, 30, 0, 23, 27, 29, 29];
    expect(written(bytes, fields, NO_FIELD)).toBe(
      "name: value\r\nother: x\r\nlast: y\r\nlast: \r\n",
    );
    expect(written(bytes, fields, NO_FIELD)).toBe(fromParts(bytes, fields, NO_FIELD));
  });
});
