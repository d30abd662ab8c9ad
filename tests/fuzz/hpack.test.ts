import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DecodedBlock } from "../../src/wire/field-block/decoded-block.ts";
import { HpackDecoder } from "../../src/wire/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../src/wire/http2/hpack/encoder.ts";
import { HpackError } from "../../src/wire/http2/hpack/hpack-error.ts";
import { STATIC_TABLE } from "../../src/wire/http2/hpack/static-table.ts";
import { encodeList, type Header, listOf } from "../unit/wire/http2/hpack/header-list.ts";
import { type Choice, type Kind, NaiveEncoder } from "../unit/wire/http2/hpack/naive-hpack.ts";

const LIMITS = { maxHeaderListBytes: 1024 * 1024, maxFields: 1000 };

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
const octet = fc.nat(255).map((code) => String.fromCharCode(code));
const text = (unit: fc.Arbitrary<string>, minLength: number, maxLength: number) =>
  fc.array(unit, { minLength, maxLength }).map((parts) => parts.join(""));

/** Few different ones, so that they come again, and some of any kind. */
const name = fc.oneof(
  fc.constantFrom(...STATIC_TABLE.map(([known]) => known).filter((known) => known[0] !== ":")),
  fc.constantFrom("x-a", "x-b", "x-forwarded-for", "x-real-ip", "te", "grpc-timeout"),
  text(fc.constantFrom(...TCHAR), 1, 40),
);
const value = fc.oneof(
  fc.constantFrom("", "a", "b", "gzip, deflate", "text/html; charset=utf-8", "0".repeat(130)),
  text(fc.constantFrom(..."abc012 /.-=;"), 0, 60),
  text(octet, 0, 300),
);
const regular: fc.Arbitrary<Header> = fc.tuple(name, value);
const authority = text(fc.constantFrom(..."ab.:0"), 1, 4);
const pseudo: fc.Arbitrary<Header[]> = fc.oneof(
  fc.constant<Header[]>([]),
  fc
    .constantFrom("100", "103", "200", "201", "204", "302", "404", "503", "999")
    .map((status): Header[] => [[":status", status]]),
  fc
    .tuple(
      fc.constantFrom("GET", "POST", "PUT"),
      fc.constantFrom("http", "https"),
      authority,
      value,
    )
    .map(([method, scheme, host, path]): Header[] => [
      [":method", method],
      [":scheme", scheme],
      [":authority", host],
      ...(path === "" ? [] : [[":path", path] as const]),
    ]),
);
const list = fc
  .tuple(pseudo, fc.array(regular, { maxLength: 12 }))
  .map(([front, rest]) => [...front, ...rest]);
const tableSize = fc.oneof(fc.constantFrom(0, 1, 50, 100, 4096, 10_000), fc.nat(5000));

describe("what is encoded is what is decoded", () => {
  const step = fc.record({ list, sizes: fc.array(tableSize, { maxLength: 3 }) });

  test("by the encoder, whatever the table's size is, and whenever it changes", () => {
    fc.assert(
      fc.property(tableSize, fc.array(step, { maxLength: 25 }), (maxTableSize, steps) => {
        const encoder = new HpackEncoder(maxTableSize);
        const decoder = new HpackDecoder(4096, LIMITS);
        for (const { list, sizes } of steps) {
          for (const size of sizes) {
            decoder.setMaxTableSize(size);
            encoder.setPeerTableSize(size);
          }
          const block = encodeList(encoder, list);
          expect(listOf(decoder.decode(block, 0, block.length))).toEqual(list);
          // Once more, for what goes into the table the second time.
          const again = encodeList(encoder, list);
          expect(listOf(decoder.decode(again, 0, again.length))).toEqual(list);
        }
      }),
      { numRuns: 300 },
    );
  });

  const choice: fc.Arbitrary<Choice> = fc.record({
    kind: fc.constantFrom<Kind>("incremental", "without", "never"),
    avoidIndex: fc.boolean(),
    avoidNameIndex: fc.boolean(),
    coded: fc.boolean(),
  });
  const field = fc.tuple(fc.oneof(regular, fc.constantFrom(...STATIC_TABLE)), choice);
  const block = fc.record({
    updates: fc.array(fc.nat(4096), { maxLength: 2 }),
    fields: fc.array(field, { maxLength: 20 }),
  });

  test("by an encoder that chooses any representation", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 10 }), fc.nat(2000), (blocks, maxBytes) => {
        const encoder = new NaiveEncoder();
        const decoder = new HpackDecoder(4096, LIMITS);
        const limits = { maxHeaderListBytes: maxBytes, maxFields: 10 };
        const limited = new HpackDecoder(4096, limits);
        for (const { updates, fields } of blocks) {
          const octets = updates.flatMap((size) => encoder.sizeUpdate(size));
          for (const [header, how] of fields) octets.push(...encoder.field(header, how));
          const bytes = Uint8Array.from(octets);
          const expected = fields.map(([header]) => header);
          const decoded = decoder.decode(bytes, 0, bytes.length);
          expect(listOf(decoded)).toEqual(expected);
          expect(decoded.overLimit).toBe(false);
          // Under limits it is the same as far as they allow, and no table goes wrong behind them.
          const part = limited.decode(bytes, 0, bytes.length);
          const fit = withinLimits(expected, limits);
          expect(listOf(part)).toEqual(fit);
          expect(part.overLimit).toBe(fit.length < expected.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function withinLimits(list: Header[], limits: typeof LIMITS): Header[] {
  let bytes = 0;
  const above = list.findIndex(([name, value], i) => {
    bytes += name.length + value.length + 32;
    return bytes > limits.maxHeaderListBytes || i >= limits.maxFields;
  });
  return above < 0 ? list : list.slice(0, above);
}

describe("anything at all", () => {
  /** Decodes block after block up to an error; anything but an HpackError is a failure. */
  function decodeAll(blocks: readonly Uint8Array[]): number {
    const limits = { maxHeaderListBytes: 2000, maxFields: 20 };
    const decoder = new HpackDecoder(4096, limits);
    let decoded = 0;
    for (const bytes of blocks) {
      let block: DecodedBlock;
      try {
        block = decoder.decode(bytes, 0, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(HpackError);
        return decoded;
      }
      const size = listOf(block).reduce((sum, [n, v]) => sum + n.length + v.length + 32, 0);
      expect(size).toBeLessThanOrEqual(limits.maxHeaderListBytes);
      decoded++;
    }
    return decoded;
  }

  test("random bytes are decoded or refused", () => {
    let decoded = 0;
    const bytes = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), (blocks) => {
        decoded += decodeAll(blocks);
      }),
      { numRuns: 3000 },
    );
    expect(decoded).toBeGreaterThan(0);
  });

  test("damaged blocks are decoded or refused", () => {
    let decoded = 0;
    let refused = 0;
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(list, { minLength: 1, maxLength: 5 }), damage, (lists, spots) => {
        const encoder = new HpackEncoder(4096);
        const blocks = [...lists, ...lists].map((each) => encodeList(encoder, each));
        for (const [place, octet] of spots) {
          const block = blocks[place % blocks.length];
          if (block.length > 0) block[(place >> 3) % block.length] = octet;
        }
        const count = decodeAll(blocks);
        decoded += count;
        if (count < blocks.length) refused++;
      }),
      { numRuns: 1500 },
    );
    expect(decoded).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});
