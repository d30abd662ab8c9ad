import { expect } from "bun:test";
import { latin1, latin1Bytes } from "../../../../../src/core/bytes.ts";
import type { DecodedBlock } from "../../../../../src/wire/field-block/decoded-block.ts";
import { PSEUDO } from "../../../../../src/wire/field-block/pseudo.ts";
import { fieldIdOfName } from "../../../../../src/wire/field-names.ts";
import { STRIDE } from "../../../../../src/wire/fields.ts";
import type { HpackEncoder } from "../../../../../src/wire/http2/hpack/encoder.ts";

export type Header = readonly [name: string, value: string];

/** Bytes of hexadecimal digits with any blanks between. */
export function hex(digits: string): Uint8Array {
  const compact = digits.replaceAll(/\s/g, "");
  return Uint8Array.from({ length: compact.length / 2 }, (_, i) =>
    Number.parseInt(compact.slice(i * 2, i * 2 + 2), 16),
  );
}

const PSEUDO_NAMES = new Map<number, string>([
  [PSEUDO.method, ":method"],
  [PSEUDO.scheme, ":scheme"],
  [PSEUDO.authority, ":authority"],
  [PSEUDO.path, ":path"],
  [PSEUDO.status, ":status"],
  [PSEUDO.protocol, ":protocol"],
]);

/** The list that a decoded block says, whose parts must agree. */
export function listOf(block: DecodedBlock): Header[] {
  const { bytes, fields } = block;
  const list: Header[] = [];
  const last = new Map<string, string>();
  let at = 0;
  for (let i = 0; i < fields.length; i += STRIDE) {
    const [id, nameStart, nameEnd, valueStart, valueEnd] = fields.slice(i, i + STRIDE);
    expect([nameStart, valueStart]).toEqual([at, nameEnd]);
    at = valueEnd;
    const stored = latin1(bytes, nameStart, nameEnd);
    const value = latin1(bytes, valueStart, valueEnd);
    const pseudo = PSEUDO_NAMES.get(id);
    if (pseudo !== undefined) {
      expect(stored).toBe(id === PSEUDO.authority ? "host" : "");
      last.set(pseudo, value);
    } else if (block.fault === null) {
      expect(id).toBe(fieldIdOfName(stored));
    }
    list.push([pseudo ?? stored, value]);
  }
  expect(at).toBe(bytes.length);
  for (const key of ["method", "scheme", "authority", "path", "status", "protocol"] as const) {
    expect(block[key]).toBe(last.get(`:${key}`) ?? null);
  }
  return list;
}

/** Encodes one block; regular fields once as bytes and once as text, in turn. */
export function encodeList(encoder: HpackEncoder, list: readonly Header[]): Uint8Array {
  const of = (name: string) => list.find((header) => header[0] === name)?.[1] ?? "";
  encoder.begin();
  if (of(":status") !== "") encoder.status(Number(of(":status")));
  if (of(":method") !== "") {
    encoder.request(of(":method"), of(":scheme"), of(":authority"), of(":path"));
  }
  let i = 0;
  for (const [name, value] of list) {
    if (name.startsWith(":")) continue;
    const id = fieldIdOfName(name.toLowerCase());
    if (i++ % 2 === 0) {
      encoder.text(id, name, value);
    } else {
      const bytes = latin1Bytes(`?${name}: ${value}!`);
      const end = bytes.length - 1;
      encoder.field(id, bytes, 1, 1 + name.length, end - value.length, end);
    }
  }
  return encoder.buffer.slice(0, encoder.length);
}
