import { describe, expect, test } from "bun:test";
import { latin1 } from "../../../../../src/core/bytes.ts";
import type { DecodedBlock } from "../../../../../src/wire/field-block/decoded-block.ts";
import { PSEUDO } from "../../../../../src/wire/field-block/pseudo.ts";
import { FieldId } from "../../../../../src/wire/field-names.ts";
import { STRIDE } from "../../../../../src/wire/fields.ts";
import { HpackDecoder } from "../../../../../src/wire/http2/hpack/decoder.ts";
import { HpackError } from "../../../../../src/wire/http2/hpack/hpack-error.ts";
import { FIELD_EXAMPLES, SEQUENCES } from "./appendix-c.ts";
import { type Header, listOf } from "./header-list.ts";
import { indexed, integer, literal, sizeUpdate } from "./naive-hpack.ts";

const LIMITS = { maxHeaderListBytes: 64 * 1024, maxFields: 100 };

function newDecoder(limits: Partial<typeof LIMITS> = {}): HpackDecoder {
  return new HpackDecoder(4096, { ...LIMITS, ...limits });
}

/** With foreign bytes around: only the range given may count. */
function decodeBlock(decoder: HpackDecoder, ...parts: (readonly number[] | Uint8Array)[]) {
  const block = parts.flatMap((part) => [...part]);
  return decoder.decode(Uint8Array.of(0xff, ...block, 0xff), 1, 1 + block.length);
}

function decodeList(decoder: HpackDecoder, ...parts: (readonly number[] | Uint8Array)[]): Header[] {
  const block = decodeBlock(decoder, ...parts);
  expect([block.overLimit, block.fault]).toEqual([false, null]);
  return listOf(block);
}

/** What stands in the dynamic table, newest first. `replay` makes a decoder in the state to look at. */
function tableOf(replay: () => HpackDecoder): Header[] {
  for (let count = 1; ; count++) {
    const indexes = Array.from({ length: count }, (_, i) => indexed(62 + i));
    try {
      decodeBlock(replay(), ...indexes);
    } catch (error) {
      expect(error).toBeInstanceOf(HpackError);
      return listOf(decodeBlock(replay(), ...indexes.slice(0, -1)));
    }
  }
}

describe("RFC 7541 appendix C", () => {
  test.each([...FIELD_EXAMPLES])("$section", ({ block, list, table }) => {
    const replay = () => {
      const decoder = newDecoder();
      expect(decodeList(decoder, block)).toEqual([...list]);
      return decoder;
    };
    expect(tableOf(replay)).toEqual([...table]);
  });

  test.each([...SEQUENCES])("$section", ({ maxTableSize, examples }) => {
    for (let last = 0; last < examples.length; last++) {
      const replay = () => {
        const decoder = newDecoder();
        if (maxTableSize < 4096) decodeBlock(decoder, sizeUpdate(maxTableSize));
        for (const { block, list } of examples.slice(0, last + 1)) {
          expect(decodeList(decoder, block)).toEqual([...list]);
        }
        return decoder;
      };
      expect(tableOf(replay)).toEqual([...examples[last].table]);
    }
  });
});

test("the static table", () => {
  const expected = `
:authority|;:method|GET;:method|POST;:path|/;:path|/index.html;:scheme|http;:scheme|https;:status|200;:status|204;
:status|206;:status|304;:status|400;:status|404;:status|500;accept-charset|;accept-encoding|gzip, deflate;
accept-language|;accept-ranges|;accept|;access-control-allow-origin|;age|;allow|;authorization|;cache-control|;
content-disposition|;content-encoding|;content-language|;content-length|;content-location|;content-range|;
content-type|;cookie|;date|;etag|;expect|;expires|;from|;host|;if-match|;if-modified-since|;if-none-match|;
if-range|;if-unmodified-since|;last-modified|;link|;location|;max-forwards|;proxy-authenticate|;
proxy-authorization|;range|;referer|;refresh|;retry-after|;server|;set-cookie|;strict-transport-security|;
transfer-encoding|;user-agent|;vary|;via|;www-authenticate|;`
    .replaceAll("\n", "")
    .split(";")
    .filter((entry) => entry !== "");
  expect(expected).toHaveLength(61);
  for (const [i, entry] of expected.entries()) {
    const list = listOf(decodeBlock(newDecoder(), indexed(i + 1)));
    expect(list.map((header) => header.join("|"))).toEqual([entry]);
    // And as the name of a literal.
    const named = listOf(decodeBlock(newDecoder(), literal("without", i + 1, "x")));
    expect(named).toEqual([[entry.split("|")[0], "x"]]);
  }
});

describe("what a block is decoded to", () => {
  test("fields with ids, in an array of their own", () => {
    const decoder = newDecoder();
    const block = decodeBlock(
      decoder,
      indexed(2),
      literal("incremental", ":authority", "example.com"),
      literal("incremental", "user-agent", "x"),
      literal("never", "x-custom", "\x80\xff", true),
    );
    expect(block.fields.filter((_, i) => i % STRIDE === 0)).toEqual([
      PSEUDO.method,
      PSEUDO.authority,
      FieldId.userAgent,
      FieldId.other,
    ]);
    expect(latin1(block.bytes)).toBe("GEThostexample.comuser-agentxx-custom\x80\xff");
    expect(block.bytes.buffer.byteLength).toBe(block.bytes.length);
    const { bytes, fields } = block;
    const copies = [bytes.slice(), fields.slice()];
    const again = decodeBlock(decoder, indexed(62), indexed(63));
    expect(again.fields.filter((_, i) => i % STRIDE === 0)).toEqual([
      FieldId.userAgent,
      PSEUDO.authority,
    ]);
    expect([bytes, fields]).toEqual(copies as [Uint8Array, number[]]);
  });

  test("the receiver may change it", () => {
    const decoder = newDecoder();
    const field = literal("incremental", "a", "b");
    const first = decodeBlock(decoder, field);
    first.bytes.fill(0);
    first.fields.length = 0;
    const second = decodeBlock(decoder, indexed(62));
    expect(listOf(second)).toEqual([["a", "b"]]);
    second.bytes.fill(0);
    expect(decodeList(decoder, indexed(62))).toEqual([["a", "b"]]);
  });

  test("texts of all pseudo-header fields, literal and by index", () => {
    const decoder = newDecoder();
    const request: Header[] = [
      [":method", "CONNECT"],
      [":protocol", "websocket"],
      [":scheme", "wss"],
      [":authority", "a:1"],
      [":path", "/\xe9?q"],
    ];
    const literals = request.map(([name, value]) => literal("incremental", name, value));
    expect(decodeList(decoder, ...literals)).toEqual(request);
    const indexes = request.map((_, i) => indexed(62 + request.length - 1 - i));
    expect(decodeList(decoder, ...indexes)).toEqual(request);
    expect(decodeList(decoder, literal("incremental", 8, "103"))).toEqual([[":status", "103"]]);
    expect(decodeBlock(decoder, indexed(62)).status).toBe("103");
  });

  test("an empty block, and trailers, have none of them", () => {
    const decoder = newDecoder();
    const empty = decodeBlock(decoder);
    expect([empty.bytes.length, empty.fields]).toEqual([0, []]);
    const trailers = decodeBlock(decoder, literal("without", "grpc-status", "0"));
    expect([trailers.method, trailers.path, trailers.status]).toEqual([null, null, null]);
  });

  test("strings of all lengths, plain and coded", () => {
    const decoder = newDecoder({ maxHeaderListBytes: 1e6 });
    for (const length of [0, 1, 24, 25, 126, 127, 128, 254, 255, 5000, 70_000, 200_000, 3]) {
      const value = "0\x01~".repeat(length).slice(0, length);
      for (const coded of [false, true]) {
        const block = decodeBlock(decoder, literal("without", "x-long", value, coded));
        expect(listOf(block)).toEqual([["x-long", value]]);
      }
    }
  });
});

describe("faults that make a message malformed, and no more than that", () => {
  const faults: [string, number[][], string][] = [
    ["capitals", [literal("incremental", "Accept", "x")], "A field name with the octet 0x41"],
    ["a name with a blank", [literal("without", "a b", "x")], "A field name with the octet 0x20"],
    ["a name with a colon", [literal("without", "a:b", "x")], "A field name with the octet 0x3a"],
    ["a name with NUL", [literal("without", "a\0", "x")], "A field name with the octet 0x00"],
    ["a name beyond ASCII", [literal("without", "\xe9", "x")], "A field name with the octet 0xe9"],
    ["no name", [literal("without", "", "x")], "A field with an empty name"],
    ["CR in a value", [literal("without", "a", "x\ry")], "A field value with the octet 0x0d"],
    ["LF in a value", [literal("without", 31, "x\n", true)], "A field value with the octet 0x0a"],
    ["NUL in a value", [literal("without", "a", "\0")], "A field value with the octet 0x00"],
    ["DEL in a value", [literal("without", "a", "\x7f")], "A field value with the octet 0x7f"],
    [
      "a blank in front",
      [literal("without", "a", " x")],
      "A field value with whitespace around it",
    ],
    ["a tab behind", [literal("without", "a", "x\t")], "A field value with whitespace around it"],
    ["only a blank", [literal("without", "a", " ")], "A field value with whitespace around it"],
    ["LF in a path", [literal("without", ":path", "/\n")], "A field value with the octet 0x0a"],
    [
      "an unknown pseudo-header",
      [literal("without", ":foo", "x")],
      "An unknown pseudo-header field",
    ],
    ["a lone colon", [literal("without", ":", "x")], "An unknown pseudo-header field"],
    ["capitals in one", [literal("without", ":Path", "/")], "An unknown pseudo-header field"],
    ["one twice", [indexed(2), indexed(3)], "The same pseudo-header field twice"],
    [
      "one twice, the same",
      [literal("without", ":path", "/"), indexed(4)],
      "The same pseudo-header field twice",
    ],
    [
      "one behind a regular field",
      [literal("without", "a", "x"), indexed(2)],
      "A pseudo-header field behind a regular field",
    ],
    [
      "the first of two",
      [literal("without", "A", "x"), literal("without", "b", "\n")],
      "A field name with the octet 0x41",
    ],
  ];

  test.each(faults)("%s", (_, parts, fault) => {
    const decoder = newDecoder();
    expect(decodeBlock(decoder, ...parts).fault).toBe(fault);
    // The connection goes on.
    expect(decodeList(decoder, indexed(2))).toEqual([[":method", "GET"]]);
  });

  test("they stick to entries of the table, and to names taken from there", () => {
    const decoder = newDecoder();
    decodeBlock(
      decoder,
      literal("incremental", "a", "\n"),
      literal("incremental", "B", "x"),
      literal("incremental", ":x", "x"),
    );
    const faultOf = (...parts: number[][]) => decodeBlock(decoder, ...parts).fault;
    expect(faultOf(indexed(64))).toBe("A field value with the octet 0x0a");
    expect(faultOf(indexed(63))).toBe("A field name with the octet 0x42");
    expect(faultOf(indexed(62))).toBe("An unknown pseudo-header field");
    expect(faultOf(literal("without", 64, "y"))).toBe(null);
    expect(faultOf(literal("without", 63, "y"))).toBe("A field name with the octet 0x42");
    expect(faultOf(literal("without", 62, "y"))).toBe("An unknown pseudo-header field");
  });

  test("values may have tabs, blanks and any octet from 0x80 on inside, and be empty", () => {
    const list: Header[] = [
      ["a", ""],
      ["b", "x \t y"],
      ["c", "\x80\xff"],
      ["!#$%&'*+-.^_`|~09az", "x"],
    ];
    const parts = list.map(([name, value]) => literal("without", name, value));
    expect(decodeList(newDecoder(), ...parts)).toEqual(list);
  });
});

describe("errors in the coding", () => {
  const errors: [string, number[], string][] = [
    ["index 0", [0x80], "index 0 with 0 entries"],
    ["an index beyond the tables", indexed(62), "index 62 with 0 entries"],
    ["the name of such an index", literal("incremental", 62, "x"), "index 62"],
    ["an index of many octets", indexed(2 ** 31 - 1), "index 2147483647"],
    ["an integer above 2^31 - 1", [0xff, 0x81, 0xff, 0xff, 0xff, 0x07], "above 2^31 - 1"],
    ["an integer of 2^32", integer(0x80, 7, 2 ** 32), "above 2^31 - 1"],
    ["an integer of too many zeros", [0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "too many octets"],
    ["an integer without end", Array(1000).fill(0xff), "too many octets"],
    ["an index that breaks off", [0xff], "ends inside an integer"],
    ["an index that breaks off later", [0xff, 0x80], "ends inside an integer"],
    ["a name that is missing", [0x40], "where a string should begin"],
    ["a name that breaks off", [0x40, 0x03, 0x61, 0x62], "a string of 3 octets where 2 are left"],
    ["a name without a value", [0x40, 0x01, 0x61], "where a string should begin"],
    ["an index without a value", [0x44], "where a string should begin"],
    ["a value's length that breaks off", [0x44, 0x7f], "ends inside an integer"],
    ["a value that breaks off", [0x44, 0x02, 0x2f], "a string of 2 octets where 1 are left"],
    ["a value of 2 GB", [0x44, ...integer(0, 7, 2 ** 31 - 1)], "a string of 2147483647 octets"],
    ["a coded value with EOS", [0x44, 0x84, 0xff, 0xff, 0xff, 0xff], "EOS"],
    ["a coded value with long padding", [0x44, 0x81, 0xff], "padding that isn't up to 7 ones"],
    ["a coded name with padding of zeros", [0x40, 0x81, 0x00, 0x00], "padding"],
    ["a size update above the setting", sizeUpdate(4097), "size update to 4097, above 4096"],
    ["a size update behind a field", [0x82, 0x20], "behind a field"],
  ];

  test.each(errors)("%s", (_, block, message) => {
    expect(() => decodeBlock(newDecoder(), block)).toThrow(HpackError);
    expect(() => decodeBlock(newDecoder(), block)).toThrow(message);
  });

  test("the largest integers that are none", () => {
    const decoder = new HpackDecoder(2 ** 31 - 1, LIMITS);
    expect(decodeList(decoder, sizeUpdate(2 ** 31 - 1), indexed(2))).toEqual([[":method", "GET"]]);
    // Zeros behind are no error as long as there are only five octets.
    expect(decodeList(decoder, [0x3f, 0x80, 0x80, 0x80, 0x80, 0x00])).toEqual([]);
    const path = [..."/".repeat(127)].map((slash) => slash.charCodeAt(0));
    expect(decodeList(decoder, [0x04, 0x7f, 0x80, 0x80, 0x00], path)).toHaveLength(1);
  });

  test("every block that breaks off inside a field", () => {
    for (const { examples, maxTableSize } of SEQUENCES) {
      for (let which = 0; which < examples.length; which++) {
        const { block, list } = examples[which];
        for (let length = 0; length < block.length; length++) {
          const decoder = newDecoder();
          decodeBlock(decoder, sizeUpdate(maxTableSize));
          for (const example of examples.slice(0, which)) decodeBlock(decoder, example.block);
          try {
            const part = decodeList(decoder, block.subarray(0, length));
            expect(part).toEqual(list.slice(0, part.length));
            expect(part.length).toBeLessThan(list.length);
          } catch (error) {
            expect(error).toBeInstanceOf(HpackError);
          }
        }
      }
    }
  });
});

describe("the dynamic table's size", () => {
  const field = (name: string) => literal("incremental", name, "x".repeat(10));

  test("entries go when an update makes it smaller, and don't come back", () => {
    const fill =
      (...updates: number[][]) =>
      () => {
        const decoder = newDecoder();
        decodeBlock(decoder, field("a"), field("b"), field("c"));
        decodeBlock(decoder, ...updates);
        return decoder;
      };
    const names = (replay: () => HpackDecoder) => tableOf(replay).map(([name]) => name);
    expect(names(fill())).toEqual(["c", "b", "a"]);
    expect(names(fill(sizeUpdate(129)))).toEqual(["c", "b", "a"]);
    expect(names(fill(sizeUpdate(128)))).toEqual(["c", "b"]);
    expect(names(fill(sizeUpdate(43), sizeUpdate(4096)))).toEqual(["c"]);
    expect(names(fill(sizeUpdate(42)))).toEqual([]);
    expect(names(fill(sizeUpdate(0), sizeUpdate(4096)))).toEqual([]);
  });

  test("an entry above it empties the table and is in the list all the same", () => {
    const decoder = newDecoder();
    decodeBlock(decoder, sizeUpdate(100), field("a"), field("b"));
    const value = "x".repeat(68);
    expect(decodeList(decoder, literal("incremental", "a", value))).toEqual([["a", value]]);
    expect(() => decodeBlock(decoder, indexed(62))).toThrow("index 62 with 0 entries");
  });

  test("an entry of just its size has a place", () => {
    const decoder = newDecoder();
    const value = "x".repeat(67);
    decodeBlock(decoder, sizeUpdate(100), field("a"), literal("incremental", "a", value));
    expect(decodeList(decoder, indexed(62))).toEqual([["a", value]]);
    expect(() => decodeBlock(decoder, indexed(63))).toThrow("index 63 with 1 entries");
  });

  test("a name may come from the entry that has to go for it", () => {
    const decoder = newDecoder();
    decodeBlock(decoder, sizeUpdate(50), literal("incremental", "name", "1"));
    expect(decodeList(decoder, literal("incremental", 62, "2"))).toEqual([["name", "2"]]);
    expect(decodeList(decoder, indexed(62))).toEqual([["name", "2"]]);
  });

  test("is 4,096 at first, also where a smaller setting is not acknowledged yet", () => {
    const decoder = new HpackDecoder(0, LIMITS);
    decodeBlock(decoder, field("a"));
    expect(decodeList(decoder, sizeUpdate(4096), indexed(62))).toHaveLength(1);
    decoder.setMaxTableSize(0);
    expect(() => decodeBlock(decoder, indexed(2))).toThrow(
      "no dynamic table size update to 0 or less",
    );
  });

  test("may grow to a larger setting by an update", () => {
    const decoder = new HpackDecoder(10_000, LIMITS);
    const value = "x".repeat(5000);
    decodeBlock(decoder, literal("incremental", "a", value));
    expect(() => decodeBlock(new HpackDecoder(10_000, LIMITS), sizeUpdate(10_001))).toThrow(
      "above 10000",
    );
    decodeBlock(decoder, sizeUpdate(10_000), literal("incremental", "a", value));
    expect(decodeList(decoder, indexed(62))).toEqual([["a", value]]);
  });

  test("a smaller setting that is acknowledged takes an update before anything else", () => {
    const shrunk = () => {
      const decoder = newDecoder();
      decodeBlock(decoder, field("a"), field("b"));
      decoder.setMaxTableSize(50);
      decoder.setMaxTableSize(1000);
      return decoder;
    };
    expect(() => decodeBlock(shrunk(), indexed(2))).toThrow(
      "no dynamic table size update to 50 or less",
    );
    expect(() => decodeBlock(shrunk())).toThrow("no dynamic table size update to 50 or less");
    expect(() => decodeBlock(shrunk(), sizeUpdate(51))).toThrow("size update to 51, above 50");
    const decoder = shrunk();
    expect(decodeList(decoder, sizeUpdate(50), sizeUpdate(1000), indexed(62))).toHaveLength(1);
    expect(decodeList(decoder, indexed(62))).toHaveLength(1);
    expect(() => decodeBlock(decoder, sizeUpdate(1001))).toThrow("size update to 1001, above 1000");
  });

  test("a setting that isn't below the present size takes none", () => {
    const decoder = newDecoder();
    decodeBlock(decoder, sizeUpdate(100), field("a"));
    decoder.setMaxTableSize(100);
    expect(decodeList(decoder, indexed(62))).toHaveLength(1);
  });
});

describe("limits", () => {
  const names = (block: DecodedBlock) => listOf(block).map(([name]) => name);

  test("of bytes: name, value and 32, up to the last one", () => {
    // "a" and 67 bytes: 100.
    const value = "x".repeat(67);
    const field = (name: string) => literal("without", name, value);
    const decoder = newDecoder({ maxHeaderListBytes: 200 });
    const within = decodeBlock(decoder, field("a"), field("b"));
    expect([names(within), within.overLimit]).toEqual([["a", "b"], false]);
    const above = decodeBlock(decoder, field("a"), literal("without", "b", `${value}x`));
    expect([names(above), above.overLimit]).toEqual([["a"], true]);
    // Nothing comes behind the first that is too much, were it ever so small.
    const later = decodeBlock(decoder, field("a"), field("bb"), literal("without", "c", ""));
    expect([names(later), later.overLimit]).toEqual([["a"], true]);
  });

  test("of bytes: pseudo-header fields count with their names", () => {
    const size = ":method".length + "GET".length + 32;
    expect(decodeBlock(newDecoder({ maxHeaderListBytes: size }), indexed(2)).overLimit).toBe(false);
    expect(decodeBlock(newDecoder({ maxHeaderListBytes: size - 1 }), indexed(2)).overLimit).toBe(
      true,
    );
    const authority = literal("without", 1, "abc");
    const most = ":authority".length + 3 + 32;
    expect(decodeBlock(newDecoder({ maxHeaderListBytes: most }), authority).overLimit).toBe(false);
    expect(decodeBlock(newDecoder({ maxHeaderListBytes: most - 1 }), authority).overLimit).toBe(
      true,
    );
  });

  test("of fields", () => {
    const decoder = newDecoder({ maxFields: 3 });
    const three = [2, 4, 7].map(indexed);
    expect(decodeBlock(decoder, ...three).overLimit).toBe(false);
    const four = decodeBlock(decoder, ...three, literal("incremental", "a", "b"));
    expect([names(four), four.overLimit]).toEqual([[":method", ":path", ":scheme"], true]);
    expect(decodeList(decoder, indexed(62))).toEqual([["a", "b"]]);
  });

  test("above them, the table is kept right and errors are found", () => {
    const decoder = newDecoder({ maxHeaderListBytes: 100 });
    const above = decodeBlock(
      decoder,
      literal("incremental", "long", "x".repeat(200)),
      literal("incremental", "a", "1", true),
      literal("without", "b", "2"),
      literal("incremental", 62, "3"),
      indexed(62),
    );
    expect([names(above), above.overLimit]).toEqual([[], true]);
    expect(decodeList(decoder, indexed(62), indexed(63))).toEqual([
      ["a", "3"],
      ["a", "1"],
    ]);
    const long = literal("without", "long", "x".repeat(200));
    for (const wrong of [indexed(70), [0x44, 0x81, 0xff], [0x44, 0x02, 0x2f], sizeUpdate(0)]) {
      expect(() => decodeBlock(newDecoder({ maxHeaderListBytes: 100 }), long, wrong)).toThrow(
        HpackError,
      );
    }
  });

  test("a bomb of indexes is bounded by them", () => {
    const decoder = newDecoder();
    decodeBlock(decoder, literal("incremental", "x-bomb", "x".repeat(4000)));
    const bomb = new Uint8Array(100_000).fill(0xbe);
    const block = decoder.decode(bomb, 0, bomb.length);
    expect(block.overLimit).toBe(true);
    expect(block.bytes.length).toBeLessThanOrEqual(LIMITS.maxHeaderListBytes);
    expect(listOf(block)).toHaveLength(Math.floor(LIMITS.maxHeaderListBytes / 4038));
    expect(decodeList(decoder, indexed(62))).toEqual([["x-bomb", "x".repeat(4000)]]);
  });

  test("so is one of empty fields", () => {
    const decoder = newDecoder({ maxFields: 50 });
    const block = decodeBlock(decoder, ...Array.from({ length: 5000 }, () => indexed(20)));
    expect([listOf(block).length, block.overLimit]).toEqual([50, true]);
  });

  test("a string above them is not kept", () => {
    const decoder = newDecoder({ maxHeaderListBytes: 1000 });
    const block = decodeBlock(decoder, literal("incremental", "a", "0".repeat(50_000), true));
    expect([block.overLimit, block.bytes.length, block.fields]).toEqual([true, 0, []]);
    expect(() => decodeBlock(decoder, indexed(62))).toThrow(HpackError);
  });
});

test("several decoders in turn don't mix", () => {
  const decoders = [newDecoder(), newDecoder(), newDecoder()];
  for (const [i, decoder] of decoders.entries()) {
    decodeBlock(decoder, literal("incremental", "a", "x".repeat(i * 40)));
  }
  for (const [i, decoder] of decoders.entries()) {
    expect(decodeList(decoder, indexed(62))).toEqual([["a", "x".repeat(i * 40)]]);
  }
});
