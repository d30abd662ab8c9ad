import { describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../../../src/core/bytes.ts";
import { FieldId } from "../../../../../src/wire/field-names.ts";
import { HpackDecoder } from "../../../../../src/wire/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../../../../src/wire/http2/hpack/encoder.ts";
import { FIELD_EXAMPLES, SEQUENCES } from "./appendix-c.ts";
import { encodeList, type Header, listOf } from "./header-list.ts";
import { describeBlock } from "./naive-hpack.ts";

const LIMITS = { maxHeaderListBytes: 1024 * 1024, maxFields: 1000 };

/** What stands in the block of a list. */
function describeList(encoder: HpackEncoder, ...list: Header[]): string[] {
  return describeBlock(encodeList(encoder, list));
}

/** What stands in the block of a list that is sent again and again, until it changes no more. */
function settled(encoder: HpackEncoder, ...list: Header[]): string[] {
  for (let i = 0; i < 3; i++) describeList(encoder, ...list);
  return describeList(encoder, ...list);
}

describe("RFC 7541 appendix C", () => {
  test.each([...SEQUENCES])("$section's lists, with our choices", ({ maxTableSize, examples }) => {
    const encoder = new HpackEncoder(maxTableSize);
    const decoder = new HpackDecoder(maxTableSize, LIMITS);
    decoder.setMaxTableSize(maxTableSize);
    // Several times, as the table is used from the second time on.
    for (let round = 0; round < 4; round++) {
      for (const { list } of examples) {
        const block = encodeList(encoder, list);
        const inOrder = decoder.decode(block, 0, block.length);
        expect(listOf(inOrder).toSorted()).toEqual(list.toSorted());
      }
    }
  });

  test("C.4's first block, but that the authority comes in when it is there again", () => {
    const encoder = new HpackEncoder(4096);
    const first = SEQUENCES.find(({ section }) => section === "C.4")!.examples[0];
    // In our order the path is last: 82 86, authority, 84.
    const rfc = [...first.block];
    const literal = rfc.slice(4);
    expect([...encodeList(encoder, first.list)]).toEqual([0x82, 0x86, 0x01, ...literal, 0x84]);
    expect([...encodeList(encoder, first.list)]).toEqual([0x82, 0x86, 0x41, ...literal, 0x84]);
    expect([...encodeList(encoder, first.list)]).toEqual([0x82, 0x86, 0xbe, 0x84]);
  });

  test("C.6's first fields", () => {
    const encoder = new HpackEncoder(256);
    const [first] = SEQUENCES.find(({ section }) => section === "C.6")!.examples;
    const block = encodeList(encoder, first.list.slice(0, 2));
    expect([...block]).toEqual([0x3f, 0xe1, 0x01, ...first.block.slice(0, 11)]);
  });

  test("C.2.4: a field of the static table", () => {
    const encoder = new HpackEncoder(4096);
    encoder.begin();
    encoder.request("GET", "", "", "");
    const example = FIELD_EXAMPLES.find(({ section }) => section === "C.2.4")!;
    expect([...encoder.buffer.subarray(0, encoder.length)]).toEqual([...example.block]);
  });
});

describe("pseudo-header fields", () => {
  test("of the static table", () => {
    const encoder = new HpackEncoder(4096);
    for (const [i, status] of [200, 204, 206, 304, 400, 404, 500].entries()) {
      expect(describeList(encoder, [":status", String(status)])).toEqual([`index ${8 + i}`]);
    }
    encoder.begin();
    encoder.request("POST", "https", "", "/");
    expect(describeBlock(encoder.buffer.slice(0, encoder.length))).toEqual([
      "index 3",
      "index 7",
      "index 4",
    ]);
  });

  test("other ones", () => {
    const encoder = new HpackEncoder(4096);
    expect(describeList(encoder, [":status", "503"])).toEqual(["incremental 8: 503"]);
    expect(describeList(encoder, [":status", "503"])).toEqual(["index 62"]);
    const request: Header[] = [
      [":method", "PATCH"],
      [":scheme", "ftp"],
      [":authority", "a.example"],
      [":path", "/search"],
    ];
    expect(settled(encoder, ...request)).toEqual([
      "index 64",
      "index 63",
      "index 62",
      "without 4: ~/search",
    ]);
  });

  test("CONNECT has no scheme and no path", () => {
    const encoder = new HpackEncoder(0);
    const connect: Header[] = [
      [":method", "CONNECT"],
      [":authority", "a:443"],
    ];
    expect(describeList(encoder, ...connect).slice(1)).toEqual([
      "without 2: CONNECT",
      "without 1: ~a:443",
    ]);
  });
});

describe("what comes into the table", () => {
  test("at once: names with few values", () => {
    const encoder = new HpackEncoder(4096);
    const list: Header[] = [
      ["Content-Type", "text/html"],
      ["X-Forwarded-Proto", "https"],
    ];
    expect(describeList(encoder, ...list)).toEqual([
      "incremental 31: ~text/html",
      "incremental ~x-forwarded-proto: ~https",
    ]);
    expect(describeList(encoder, ...list)).toEqual(["index 63", "index 62"]);
  });

  test("when it comes again: everything else, known by name or not", () => {
    const encoder = new HpackEncoder(4096);
    const list: Header[] = [
      ["user-agent", "curl/8"],
      ["x-powered-by", "PHP"],
    ];
    const literals = ["58: ~curl/8", "~x-powered-by: PHP"];
    expect(describeList(encoder, ...list)).toEqual(literals.map((text) => `without ${text}`));
    expect(describeList(encoder, ...list)).toEqual(literals.map((text) => `incremental ${text}`));
    expect(describeList(encoder, ...list)).toEqual(["index 63", "index 62"]);
    // The same value with another name, and the same name with another value, are other fields.
    expect(describeList(encoder, ["x-powered-bz", "PHP"])).toEqual(["without ~x-powered-bz: PHP"]);
    expect(describeList(encoder, ["x-powered-by", "PHp"])).toEqual(["without ~x-powered-by: PHp"]);
    expect(describeList(encoder, ["user-agent", "cUrl/8"])).toEqual(["without 58: ~cUrl/8"]);
  });

  test("never: values of their own", () => {
    const encoder = new HpackEncoder(4096);
    const list: Header[] = [
      ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
      ["content-length", "5"],
      ["etag", '"abc"'],
      ["last-modified", "Mon, 21 Oct 2013 20:13:21 GMT"],
      ["age", "1"],
      ["location", "/a"],
      ["set-cookie", "a=b"],
      ["cookie", "session=0123456789abcdef"],
    ];
    expect(settled(encoder, ...list).map((text) => text.split(":")[0])).toEqual(
      [33, 28, 34, 44, 21, 46, 55, 32].map((index) => `without ${index}`),
    );
  });

  test("secrets come into nobody's table", () => {
    const encoder = new HpackEncoder(4096);
    const list: Header[] = [
      ["Authorization", "Basic YTpi"],
      ["Proxy-Authorization", "Basic YTpi"],
      ["Cookie", "a=1"],
    ];
    expect(settled(encoder, ...list).map((text) => text.split(":")[0])).toEqual([
      "never 23",
      "never 49",
      "never 32",
    ]);
  });

  test("nor does a name that is given without its id change that", () => {
    const encoder = new HpackEncoder(4096);
    const describeText = (name: string, value: string) => {
      encoder.begin();
      encoder.text(FieldId.other, name, value);
      return describeBlock(encoder.buffer.slice(0, encoder.length));
    };
    expect(describeText("AUTHORIZATION", "x")).toEqual(["never 23: x"]);
    expect(describeText("Content-Type", "x")).toEqual(["incremental 31: x"]);
    expect(describeList(encoder, ["content-type", "x"])).toEqual(["index 62"]);
  });

  test("nothing above half of the table", () => {
    const encoder = new HpackEncoder(4096);
    const size = (value: string): Header => ["server", value];
    const most = "x".repeat(2048 - 32 - "server".length);
    expect(settled(encoder, size(most))).toEqual(["index 62"]);
    expect(settled(encoder, size(`${most}x`))[0]).toStartWith("without 54: ");
  });

  test("values of their own for each message don't drive out the others", () => {
    const encoder = new HpackEncoder(4096);
    const server: Header = ["server", "x"];
    describeList(encoder, server);
    for (let i = 0; i < 1000; i++) {
      const [index, id] = describeList(encoder, server, ["x-request-id", `request-${i}-${i * 7}`]);
      expect([index, id.split(" ")[0]]).toEqual(["index 62", "without"]);
    }
  });

  test("hundreds of fields that differ in a place or two are told apart", () => {
    const encoder = new HpackEncoder(4096);
    const decoder = new HpackDecoder(4096, LIMITS);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 300; i++) {
        const digits = String(i).padStart(3, "0");
        const list: Header[] = [
          ["x-same", `aaaa${digits}bbbbbbbbbbb${digits}c`],
          [`x-${digits}-name`, "value"],
          ["server", `a${digits}aaaaaaaaaaaaab`],
        ];
        const block = encodeList(encoder, list);
        expect(listOf(decoder.decode(block, 0, block.length))).toEqual(list);
      }
    }
  });
});

describe("strings", () => {
  test("names are lower case, however they come", () => {
    const encoder = new HpackEncoder(0);
    const bytes = latin1Bytes("X-CuStOm_Z@[`{: v");
    encoder.begin();
    encoder.field(0, bytes, 0, 14, 16, 17);
    encoder.text(0, "SEC-CH-UA", "V");
    encoder.text(FieldId.xRealIp, "X-Real-IP", "::1");
    encoder.field(FieldId.te, latin1Bytes("Te:trailers"), 0, 2, 3, 11);
    expect(describeBlock(encoder.buffer.slice(0, encoder.length)).slice(1)).toEqual([
      "without x-custom_z@[`{: v",
      "without ~sec-ch-ua: V",
      "without ~x-real-ip: ::1",
      "without te: ~trailers",
    ]);
  });

  test("are coded where that is shorter", () => {
    const encoder = new HpackEncoder(0);
    const of = (value: string) =>
      describeList(encoder, ["etag", value]).at(-1)!.slice("without 34: ".length);
    expect(of("")).toBe("");
    expect(of("aaaa")).toBe("~aaaa");
    expect(of("XXXX")).toBe("XXXX");
    expect(of("{}{}{}")).toBe("{}{}{}");
    for (const length of [125, 126, 127, 128, 200, 1024]) {
      expect(of("a".repeat(length))).toBe(`~${"a".repeat(length)}`);
      expect(of("\xff".repeat(length))).toBe("\xff".repeat(length));
      expect(of("X".repeat(length))).toBe("X".repeat(length));
    }
    expect(of("a".repeat(1025))).toBe("a".repeat(1025));
  });

  test("of all octets that there are", () => {
    const value = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).join("");
    const list: Header[] = [
      ["x-all", value],
      ["x-all", value],
    ];
    expect(describeList(new HpackEncoder(0), ...list).slice(1)).toEqual([
      `without ~x-all: ${value}`,
      `without ~x-all: ${value}`,
    ]);
  });

  test("of any length; the memory for them is given back", () => {
    const encoder = new HpackEncoder(4096);
    const list: Header[] = [
      [`x-${"n".repeat(3000)}`, "v".repeat(100_000)],
      ["server", "s".repeat(70_000)],
      ["x-small", "1"],
    ];
    const block = encodeList(encoder, list);
    const { bytes, ...rest } = new HpackDecoder(4096, LIMITS).decode(block, 0, block.length);
    expect(rest.overLimit).toBe(false);
    expect(bytes.length).toBe(list.flat().join("").length);
    expect(listOf(new HpackDecoder(4096, LIMITS).decode(block, 0, block.length))).toEqual(list);
    expect(encoder.buffer.length).toBeGreaterThan(100_000);
    encoder.begin();
    expect(encoder.buffer.length).toBeLessThan(10_000);
    expect(encoder.length).toBe(0);
  });
});

describe("the table's size", () => {
  const server: Header = ["server", "x"];

  test("a smaller one of ours is said in the first block, and only there", () => {
    const encoder = new HpackEncoder(100);
    expect(describeList(encoder, server)).toEqual(["size 100", "incremental 54: x"]);
    expect(describeList(encoder, server)).toEqual(["index 62"]);
  });

  test("the peer's counts up to ours", () => {
    const encoder = new HpackEncoder(10_000);
    expect(describeList(encoder, server)).toEqual(["incremental 54: x"]);
    encoder.setPeerTableSize(65_536);
    expect(describeList(encoder, server)).toEqual(["size 10000", "index 62"]);
    encoder.setPeerTableSize(2 ** 32 - 1);
    expect(describeList(encoder, server)).toEqual(["index 62"]);
    encoder.setPeerTableSize(4096);
    expect(describeList(encoder, server)).toEqual(["size 4096", "index 62"]);
  });

  test("what doesn't fit any more is gone", () => {
    const encoder = new HpackEncoder(4096);
    describeList(encoder, server, ["vary", "y"]);
    encoder.setPeerTableSize(50);
    expect(describeList(encoder, ["vary", "y"], server).slice(0, 2)).toEqual([
      "size 50",
      "index 62",
    ]);
    encoder.setPeerTableSize(0);
    expect(describeList(encoder, server)).toEqual(["size 0", "without 54: x"]);
    expect(settled(encoder, server)).toEqual(["without 54: x"]);
  });

  test("changes between two blocks: the smallest is said, then the last", () => {
    const encoder = new HpackEncoder(4096);
    describeList(encoder, server);
    for (const size of [2000, 0, 3000, 100, 4096]) encoder.setPeerTableSize(size);
    expect(describeList(encoder, server)).toEqual(["size 0", "size 4096", "incremental 54: x"]);
    for (const size of [1000, 500]) encoder.setPeerTableSize(size);
    expect(describeList(encoder, server)).toEqual(["size 500", "index 62"]);
    for (const size of [400, 500]) encoder.setPeerTableSize(size);
    expect(describeList(encoder, server)).toEqual(["size 400", "size 500", "index 62"]);
    encoder.setPeerTableSize(500);
    expect(describeList(encoder, server)).toEqual(["index 62"]);
  });
});

describe("discard", () => {
  const list: Header[] = [
    [":status", "200"],
    ["content-type", "text/html"],
    ["x-a", "1"],
  ];

  test.each([4096, 100, 0])(
    "a block that isn't sent leaves both tables alike: %d bytes",
    (size) => {
      const encoder = new HpackEncoder(size);
      const decoder = new HpackDecoder(4096, LIMITS);
      for (let round = 0; round < 6; round++) {
        encodeList(encoder, [...list, ["x-lost", String(round >> 1)], ["server", `s${round}`]]);
        encoder.discard();
        for (let again = 0; again < 3; again++) {
          const block = encodeList(encoder, list);
          expect(listOf(decoder.decode(block, 0, block.length))).toEqual(list);
        }
      }
    },
  );

  test("of a block that begins with a size update says it again", () => {
    const encoder = new HpackEncoder(4096);
    encoder.setPeerTableSize(0);
    encodeList(encoder, list);
    encoder.discard();
    expect(describeList(encoder, list[0])[0]).toMatch(/size/i);
  });
});
