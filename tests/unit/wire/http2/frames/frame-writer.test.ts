import { describe, expect, test } from "bun:test";
import { FrameWriter } from "../../../../../src/wire/http2/frames/frame-writer.ts";
import { Flag, FrameType } from "../../../../support/http/raw-http2.ts";
import { framesOf, Output, type RawFrame } from "../session-scene.ts";

function written(write: (writer: FrameWriter) => void): RawFrame[] {
  const output = new Output();
  write(new FrameWriter(output));
  return framesOf(output.take());
}

/** Bytes that say where they stand. */
const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

test("the header: 24 bits of length, type, flags, stream", () => {
  const output = new Output();
  new FrameWriter(output).rstStream(0x7fffffff, 0xfffffffe);
  expect(output.take().toHex()).toBe("000004" + "03" + "00" + "7fffffff" + "fffffffe");
});

describe("DATA", () => {
  test.each([0, 1, 1023, 1024, 1025, 16_384])("of %d bytes is what was given", (length) => {
    const bytes = counting(length + 10);
    const [frame, ...others] = written((writer) => writer.data(5, bytes, 3, 3 + length, true));
    expect(others).toEqual([]);
    expect([frame.type, frame.flags, frame.stream]).toEqual([FrameType.data, Flag.endStream, 5]);
    expect(frame.payload).toEqual(bytes.slice(3, 3 + length));
  });

  test("carries END_STREAM only with the last", () => {
    expect(written((writer) => writer.data(5, counting(4), 0, 4, false))[0].flags).toBe(0);
  });

  test("a large one isn't copied, a small one is", () => {
    const seen: Uint8Array[] = [];
    const output = new Output();
    output.write = (bytes: Uint8Array) => {
      seen.push(bytes);
    };
    const writer = new FrameWriter(output);
    const small = counting(1024);
    const large = counting(1025);
    writer.data(1, small, 0, small.length, false);
    expect(seen).toEqual([]);
    writer.data(1, large, 0, large.length, false);
    expect(seen[0]).toBe(large);
  });
});

describe("HEADERS", () => {
  function headers(length: number, maxFrameSize: number, end: boolean): RawFrame[] {
    return written((writer) => {
      writer.maxFrameSize = maxFrameSize;
      // The block's array is larger than the block.
      writer.headers(3, counting(length + 5), length, end);
    });
  }

  test.each([
    [0, [0]],
    [1, [1]],
    [16_384, [16_384]],
    [16_385, [16_384, 1]],
    [32_768, [16_384, 16_384]],
    [40_000, [16_384, 16_384, 7232]],
  ] as const)("a block of %d bytes goes out in frames of %p", (length, sizes) => {
    for (const end of [false, true]) {
      const frames = headers(length, 16_384, end);
      expect(frames.map((frame) => frame.payload.length)).toEqual([...sizes]);
      expect(frames.map((frame) => frame.type)).toEqual(
        sizes.map((_, i) => (i === 0 ? FrameType.headers : FrameType.continuation)),
      );
      expect(frames.map((frame) => frame.flags)).toEqual(
        sizes.map(
          (_, i) =>
            (i === 0 && end ? Flag.endStream : 0) | (i === sizes.length - 1 ? Flag.endHeaders : 0),
        ),
      );
      expect(frames.every((frame) => frame.stream === 3)).toBe(true);
      const joined = frames.flatMap((frame) => [...frame.payload]);
      expect(Uint8Array.from(joined)).toEqual(counting(length));
    }
  });

  test("frames grow with the peer's SETTINGS_MAX_FRAME_SIZE", () => {
    expect(headers(40_000, 40_000, true)).toHaveLength(1);
  });
});

test("SETTINGS, and its acknowledgement", () => {
  const frames = written((writer) => {
    writer.settings([
      [1, 4096],
      [0x1234, 0xfffffffe],
    ]);
    writer.settings([]);
    writer.settingsAck();
  });
  expect(frames.map(({ type, flags, stream }) => [type, flags, stream])).toEqual([
    [4, 0, 0],
    [4, 0, 0],
    [4, 1, 0],
  ]);
  expect(frames.map(({ payload }) => payload.toHex())).toEqual([
    "0001" + "00001000" + "1234" + "fffffffe",
    "",
    "",
  ]);
});

test("PING, and its answer with the same bytes", () => {
  const opaque = counting(20);
  const frames = written((writer) => {
    writer.ping(opaque, 0, false);
    writer.ping(opaque, 9, true);
  });
  expect(frames).toEqual([
    { type: 6, flags: 0, stream: 0, payload: opaque.slice(0, 8) },
    { type: 6, flags: 1, stream: 0, payload: opaque.slice(9, 17) },
  ]);
});

test("GOAWAY, WINDOW_UPDATE, RST_STREAM", () => {
  const frames = written((writer) => {
    writer.goAway(0x7fffffff, 11);
    writer.windowUpdate(0, 0x7fffffff);
    writer.windowUpdate(7, 1);
    writer.rstStream(7, 8);
  });
  expect(frames.map((each) => [each.type, each.flags, each.stream, each.payload.toHex()])).toEqual([
    [7, 0, 0, "7fffffff0000000b"],
    [8, 0, 0, "7fffffff"],
    [8, 0, 7, "00000001"],
    [3, 0, 7, "00000008"],
  ]);
});

test("bytes as they are, for the preface", () => {
  const output = new Output();
  new FrameWriter(output).bytes(counting(24));
  expect(output.take()).toEqual(counting(24));
});
