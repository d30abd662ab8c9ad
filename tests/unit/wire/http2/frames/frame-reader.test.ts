import { describe, expect, test } from "bun:test";
import { concatBytes, latin1Bytes } from "../../../../../src/core/bytes.ts";
import {
  type FrameHandler,
  FrameReader,
} from "../../../../../src/wire/http2/frames/frame-reader.ts";
import { Flag, FrameType, frame } from "../../../../support/http/raw-http2.ts";

/** Notes frames in words; the pieces of one DATA frame as one. */
class FrameNotes implements FrameHandler {
  readonly notes: string[] = [];
  private data = "";
  /** Throws when a frame of this type begins. */
  refused = -1;

  frameBegin(type: number, flags: number, stream: number, length: number): void {
    if (type === this.refused) throw new Error("refused");
    this.notes.push(`begin ${type} ${flags} ${stream} ${length}`);
  }

  dataPiece(bytes: Uint8Array, start: number, end: number): void {
    expect(end).toBeGreaterThan(start);
    this.data += bytes.slice(start, end).toHex();
  }

  dataEnd(): void {
    this.notes.push(`data ${this.data}`);
    this.data = "";
  }

  framePayload(
    type: number,
    flags: number,
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.notes.push(`payload ${type} ${flags} ${stream} ${bytes.slice(start, end).toHex()}`);
  }
}

function read(...chunks: Uint8Array[]): string[] {
  const notes = new FrameNotes();
  const reader = new FrameReader(notes);
  for (const chunk of chunks) {
    // Somewhere in a larger array, as it may be.
    const padded = concatBytes([latin1Bytes("??"), chunk, latin1Bytes("???")]);
    reader.read(padded, 2, 2 + chunk.length);
  }
  expect(reader.inFrame).toBe(false);
  return notes.notes;
}

const bytes = latin1Bytes;
const WIRE = concatBytes([
  frame(FrameType.settings, 0, 0),
  frame(FrameType.headers, Flag.endHeaders, 1, bytes("abcdefghij")),
  frame(FrameType.data, 0, 1, bytes("hello")),
  frame(FrameType.data, Flag.endStream, 1),
  frame(0xbe, 0xff, 0x7fffffff, bytes("?")),
  frame(FrameType.ping, Flag.ack, 0, bytes("12345678")),
]);
const EXPECTED = [
  "begin 4 0 0 0",
  "payload 4 0 0 ",
  "begin 1 4 1 10",
  "payload 1 4 1 6162636465666768696a",
  "begin 0 0 1 5",
  "data 68656c6c6f",
  "begin 0 1 1 0",
  "data ",
  `begin 190 255 ${0x7fffffff} 1`,
  `payload 190 255 ${0x7fffffff} 3f`,
  "begin 6 1 0 8",
  "payload 6 1 0 3132333435363738",
];

test("frames in one piece", () => {
  expect(read(WIRE)).toEqual(EXPECTED);
});

test("frames in single bytes", () => {
  expect(read(...Array.from(WIRE, (byte) => Uint8Array.of(byte)))).toEqual(EXPECTED);
});

test("frames in two pieces, cut anywhere", () => {
  for (let cut = 0; cut <= WIRE.length; cut++) {
    expect(read(WIRE.subarray(0, cut), WIRE.subarray(cut))).toEqual(EXPECTED);
  }
});

test("frames in three pieces, cut anywhere", () => {
  const wire = WIRE.subarray(9, 9 + 19 + 14);
  for (let first = 0; first <= wire.length; first++) {
    for (let second = first; second <= wire.length; second++) {
      expect(
        read(wire.subarray(0, first), wire.subarray(first, second), wire.subarray(second)),
      ).toEqual(EXPECTED.slice(2, 6));
    }
  }
});

test("the reserved bit of a stream identifier is ignored", () => {
  expect(read(frame(FrameType.ping, 0, 0x80000003))).toEqual(["begin 6 0 3 0", "payload 6 0 3 "]);
});

test("lengths have 24 bits", () => {
  const payload = new Uint8Array(0x010203);
  payload.set([1, 2, 3], payload.length - 3);
  const notes = read(frame(FrameType.ping, 0, 0, payload));
  expect(notes[0]).toBe(`begin 6 0 0 ${0x010203}`);
  expect(notes[1].endsWith("00010203")).toBe(true);
});

test("a frame in pieces is not put together in the sender's bytes", () => {
  const notes = new FrameNotes();
  const reader = new FrameReader(notes);
  const wire = frame(FrameType.ping, 0, 0, bytes("abcd"));
  // The same array again and again, as a runtime may have it.
  const reused = new Uint8Array(1);
  for (const byte of wire) {
    reused[0] = byte;
    reader.read(reused, 0, 1);
  }
  expect(notes.notes[1]).toBe("payload 6 0 0 61626364");
});

describe("inFrame", () => {
  test("is true inside a header and inside a payload", () => {
    const wire = frame(FrameType.data, 0, 1, bytes("ab"));
    const reader = new FrameReader(new FrameNotes());
    const states = Array.from(wire, (byte) => {
      reader.read(Uint8Array.of(byte), 0, 1);
      return reader.inFrame;
    });
    expect(states).toEqual([...Array(10).fill(true), false]);
  });
});

test("what the handler throws ends the reading, before the payload is taken", () => {
  const notes = new FrameNotes();
  notes.refused = FrameType.settings;
  const wire = concatBytes([
    frame(FrameType.ping, 0, 0, bytes("abcd")),
    frame(FrameType.settings, 0, 0, bytes("abcdef")),
    frame(FrameType.ping, 0, 0, bytes("efgh")),
  ]);
  expect(() => new FrameReader(notes).read(wire, 0, wire.length)).toThrow("refused");
  expect(notes.notes).toEqual(["begin 6 0 0 4", "payload 6 0 0 61626364"]);
});
