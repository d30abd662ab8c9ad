import { describe, expect, test } from "bun:test";
import { FrameReader } from "../../../../src/wire/websocket/frame-reader.ts";
import {
  closePayload,
  isSendableCode,
  Opcode,
  serverFrame,
} from "../../../../src/wire/websocket/frames.ts";

const MASK = [1, 2, 3, 4];

/** A frame as a client sends it; `first` is the whole first byte. */
function frame(first: number, payload: Uint8Array | string = "", extended?: 2 | 8): number[] {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const size = extended ?? (bytes.length < 126 ? 0 : bytes.length < 65536 ? 2 : 8);
  const length = size === 0 ? [bytes.length] : [size === 2 ? 126 : 127];
  for (let i = size - 1; i >= 0; i--) length.push(Math.floor(bytes.length / 256 ** i) % 256);
  length[0] |= 0x80;
  return [first, ...length, ...MASK, ...Array.from(bytes, (byte, i) => byte ^ MASK[i & 3])];
}

/** What a reader says of those bytes, given in pieces of that size. */
function read(bytes: readonly number[], piece = bytes.length, limit = 100_000): string[] {
  const said: string[] = [];
  const hex = (array: Uint8Array) => Buffer.from(array).toString("hex");
  const reader = new FrameReader(
    {
      text: (message) => void said.push(`text ${message}`),
      binary: (message) => void said.push(`binary ${hex(message)}`),
      ping: (payload) => void said.push(`ping ${hex(payload)}`),
      pong: (payload) => void said.push(`pong ${hex(payload)}`),
      close: (code, reason) => void said.push(`close ${code} ${reason}`.trim()),
      broken: (code, why) => void said.push(`broken ${code} ${why}`),
    },
    limit,
  );
  for (let at = 0; at < bytes.length; at += piece)
    reader.push(new Uint8Array(bytes.slice(at, at + piece)));
  return said;
}

const TEXT = 0x80 | Opcode.text;
const CLOSE = 0x80 | Opcode.close;
const closing = (code: number, reason = "") => frame(CLOSE, closePayload(code, reason));

const MESSAGES: [what: string, bytes: number[], said: string[]][] = [
  ["a text", frame(TEXT, "caf\u00e9"), ["text caf\u00e9"]],
  ["an empty one", frame(TEXT), ["text "]],
  ["bytes", frame(0x82, new Uint8Array([0, 255])), ["binary 00ff"]],
  ["a long one", frame(TEXT, "x".repeat(126)), [`text ${"x".repeat(126)}`]],
  [
    "one in three frames with a ping between",
    [
      ...frame(Opcode.text, "\u20ac".slice(0)),
      ...frame(0x89, "p"),
      ...frame(0, "b"),
      ...frame(0x80, "c"),
    ],
    ["ping 70", "text \u20acbc"],
  ],
  [
    "a character over two frames",
    [...frame(1, new Uint8Array([0xc3])), ...frame(0x80, new Uint8Array([0xa9]))],
    ["text \u00e9"],
  ],
  ["a pong", frame(0x8a, "x"), ["pong 78"]],
  ["a close without a code", frame(CLOSE), ["close 1005"]],
  [
    "a close, and nothing behind it",
    [...closing(1000, "done"), ...frame(TEXT, "x")],
    ["close 1000 done"],
  ],
  ["an application's code", closing(4000), ["close 4000"]],
];

test.each(MESSAGES)("%s, at every chunk boundary", (_, bytes, said) => {
  for (let piece = 1; piece <= bytes.length; piece++) expect(read(bytes, piece)).toEqual(said);
});

test("65,536 bytes have the longest head", () => {
  expect(read(frame(TEXT, "x".repeat(65536)), 1000)).toEqual([`text ${"x".repeat(65536)}`]);
});

describe("refuses", () => {
  const unmasked = frame(TEXT, "x");
  unmasked[1] &= 0x7f;
  const cases: [what: string, bytes: number[], code: number][] = [
    ["reserved bits", frame(0xc1, "x"), 1002],
    ["frames without a mask", unmasked, 1002],
    ["unknown opcodes", frame(0x83), 1002],
    ["unknown control opcodes", frame(0x8b), 1002],
    ["a control frame in pieces", frame(0x09), 1002],
    ["a long control frame", frame(0x89, "x".repeat(126)), 1002],
    ["a continuation of nothing", frame(0x80, "x"), 1002],
    ["a message within another", [...frame(1, "x"), ...frame(TEXT, "y")], 1002],
    ["a length that could be shorter", frame(TEXT, "x", 2), 1002],
    ["a length that could be much shorter", frame(TEXT, "x".repeat(200), 8), 1002],
    ["text that is no UTF-8", frame(TEXT, new Uint8Array([0xff])), 1007],
    ["half a character", frame(TEXT, new Uint8Array([0xc3])), 1007],
    ["half a code", frame(CLOSE, "x"), 1002],
    ["codes that say nothing was said", closing(1005), 1002],
    ["codes that are not given out", closing(999), 1002],
    ["a reason that is no UTF-8", frame(CLOSE, new Uint8Array([3, 232, 0xff])), 1007],
    ["long messages", frame(TEXT, "x".repeat(101)), 1009],
    ["messages that grow long", [...frame(1, "x".repeat(60)), ...frame(0, "x".repeat(60))], 1009],
    ["messages of many frames", [...frame(1), ...Array(1100).fill(frame(0)).flat()], 1009],
  ];
  test.each(cases)("%s", (_, bytes, code) => {
    for (const piece of [1, bytes.length]) {
      const said = read([...bytes, ...frame(TEXT, "behind")], piece, 100);
      expect(said).toHaveLength(1);
      expect(said[0]).toStartWith(`broken ${code} `);
    }
  });
});

test("a server's frames have the shortest length and no mask", () => {
  for (const length of [0, 125, 126, 65535, 65536]) {
    const bytes = serverFrame(Opcode.binary, new Uint8Array(length).fill(7));
    const head = bytes.length - length;
    expect(head).toBe(length < 126 ? 2 : length < 65536 ? 4 : 10);
    expect([bytes[0], bytes[1] & 0x80]).toEqual([0x82, 0]);
    expect(bytes.subarray(head).every((byte) => byte === 7)).toBe(true);
  }
});

test("a long reason is cut between characters", () => {
  const payload = closePayload(1000, "\u00e9".repeat(100));
  expect(payload.length).toBe(124);
  expect(new TextDecoder().decode(payload.subarray(2))).toBe("\u00e9".repeat(61));
});

test("codes that may be sent", () => {
  const codes = [999, 1000, 1001, 1003, 1004, 1005, 1006, 1011, 1014, 1015, 2999, 3000, 4999, 5000];
  expect(codes.filter(isSendableCode)).toEqual([1000, 1001, 1003, 1011, 1014, 3000, 4999]);
});
