import { describe, expect, test } from "bun:test";
import { concatBytes, latin1Bytes } from "../../../../src/core/bytes.ts";
import { block } from "../../../support/http/raw-http2.ts";
import type { Header } from "./hpack/header-list.ts";
import {
  data,
  Flag,
  FrameType,
  frame,
  get,
  goAway,
  headers,
  lastData,
  ping,
  post,
  priority,
  rst,
  Setting,
  serverScene,
  settings,
  windowUpdate,
} from "./session-scene.ts";

const GET_1 = "head 1 GET http app.test / host=app.test end";
const POST_1 = "head 1 POST http app.test / host=app.test";

describe("a header list above the limits", () => {
  test("of bytes or of fields is answered with 431, and the connection lives", () => {
    for (const limits of [{ maxHeaderListBytes: 300 }, { maxFields: 6 }]) {
      const scene = serverScene(limits);
      const many = Array.from({ length: 8 }, (_, i): Header => [`x-${i}`, "1"]);
      scene.feed(get(1, ...many), get(3, ["x-a", "1"]));
      expect(scene.wrote()).toEqual(["HEADERS 1 end :status=431"]);
      expect(scene.said()).toEqual(["head 3 GET http app.test / host=app.test x-a=1 end"]);
    }
  });

  test("of a request whose body would follow: what follows is dropped", () => {
    const scene = serverScene({ maxFields: 6 });
    const many = Array.from({ length: 8 }, (_, i): Header => [`x-${i}`, "1"]);
    scene.feed(post(1, ...many), data(1, "abc"), lastData(1, ""), headers(1, []));
    expect(scene.wrote()).toEqual(["HEADERS 1 end :status=431", "RST_STREAM 1 NO_ERROR"]);
    expect(scene.said()).toEqual([]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("in a trailer section resets the stream", () => {
    const scene = serverScene({ maxHeaderListBytes: 300 });
    scene.feed(post(1), headers(1, [["x-t", "v".repeat(300)]]));
    expect(scene.said()).toEqual([POST_1, "reset 1 PROTOCOL_ERROR"]);
  });

  test("or below it, made of little again and again, ends the connection", () => {
    for (const references of [200, 300]) {
      const scene = serverScene({}, [Setting.window, 0]);
      // A field of 3,900 bytes for the table, and references to it (RFC 7541 sections 6.2.1 and 6.1).
      const literal = Uint8Array.of(0x40, 1, 0x78, 0x7f, 0xbd, 0x1d);
      const field = concatBytes([literal, new Uint8Array(3900).fill(0x61)]);
      const bomb = new Uint8Array(references).fill(0xbe);
      const pseudo = Uint8Array.of(0x82, 0x86, 0x84);
      const flags = Flag.endHeaders | Flag.endStream;
      scene.feed(frame(FrameType.headers, flags, 1, concatBytes([pseudo, field])));
      let sent = 0;
      while (sent < 200 && !scene.said().includes("error ENHANCE_YOUR_CALM")) {
        sent++;
        scene.feed(frame(FrameType.headers, flags, 2 * sent + 1, concatBytes([pseudo, bomb])));
        if (scene.notes.streams.has(2 * sent + 1)) scene.respond(2 * sent + 1);
      }
      expect(sent).toBeLessThan(30);
    }
  });

  test("again and again ends the connection, whatever useful work comes between", () => {
    // 1,000 times `:method: GET`, 42 bytes each: a list of 42,000 bytes whose block has 1,000.
    const bomb = new Uint8Array(1000).fill(0x82);
    const flags = Flag.endHeaders | Flag.endStream;
    for (const trailers of [false, true]) {
      const scene = serverScene({ maxHeaderListBytes: 20_000 });
      let sent = 0;
      while (sent < 300 && !scene.said().includes("error ENHANCE_YOUR_CALM")) {
        const work = 4 * sent + 1;
        scene.feed(post(work), data(work, "a"), data(work, "b"), lastData(work, ""));
        scene.respond(work);
        if (trailers) scene.feed(post(work + 2));
        scene.feed(frame(FrameType.headers, flags, work + 2, bomb));
        sent++;
      }
      expect(sent).toBe(Math.floor((4 * 1024 * 1024) / 42_000) + 1);
    }
  });

  test("leaves the table of HPACK as the peer has it", () => {
    const scene = serverScene({ maxFields: 6 });
    const many = Array.from({ length: 8 }, (_, i): Header => [`x-${i}`, "1"]);
    // A literal that goes into the table, behind the limit; then its index.
    const literal = Uint8Array.from([0x40, 3, ...latin1Bytes("x-z"), 1, 0x39]);
    const over = concatBytes([
      block([
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/"],
      ]),
      block(many),
      literal,
    ]);
    const next = concatBytes([Uint8Array.of(0x82, 0x86, 0x84), Uint8Array.of(0xbe)]);
    const flags = Flag.endHeaders | Flag.endStream;
    scene.feed(frame(FrameType.headers, flags, 1, over), frame(FrameType.headers, flags, 3, next));
    expect(scene.said()).toEqual(["head 3 GET http  / x-z=9 end"]);
  });
});

describe("header blocks in pieces", () => {
  const whole = block([
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "app.test"],
    [":path", "/"],
  ]);
  const cont = (id: number, bytes: Uint8Array, flags = 0) =>
    frame(FrameType.continuation, flags, id, bytes);
  const begin = frame(FrameType.headers, Flag.endStream, 1, whole.subarray(0, 10));
  const rest = cont(1, whole.subarray(10), Flag.endHeaders);

  test("are put together wherever they are cut", () => {
    for (let first = 0; first <= whole.length; first += 3) {
      for (let second = first; second <= whole.length; second += 5) {
        const scene = serverScene().feed(
          frame(FrameType.headers, Flag.endStream, 1, whole.subarray(0, first)),
          cont(1, whole.subarray(first, second)),
          cont(1, whole.subarray(second), Flag.endHeaders),
        );
        expect(scene.said()).toEqual([GET_1]);
      }
    }
  });

  test("are counted each for itself", () => {
    const scene = serverScene();
    for (let id = 1; id < 200; id += 2) {
      scene.feed(
        frame(FrameType.headers, Flag.endStream, id, whole.subarray(0, 10)),
        cont(id, whole.subarray(10), Flag.endHeaders),
      );
      scene.respond(id);
    }
    expect(scene.said()).toHaveLength(100);
    expect(scene.session.streamCount).toBe(0);
  });

  test("of single bytes", () => {
    const scene = serverScene().feed(
      frame(FrameType.headers, Flag.endStream, 1),
      ...Array.from(whole.subarray(0, 50), (byte) => cont(1, Uint8Array.of(byte))),
      cont(1, whole.subarray(50), Flag.endHeaders),
    );
    expect(scene.said()).toEqual([GET_1]);
  });

  test("are a head that is awaited", () => {
    const scene = serverScene().feed(begin);
    expect(scene.session.inHead).toBe(true);
    expect(scene.session.streamCount).toBe(0);
    scene.feed(rest);
    expect(scene.session.inHead).toBe(false);
  });

  test.each([
    ["another stream's CONTINUATION", cont(3, whole, Flag.endHeaders)],
    ["HEADERS", get(3)],
    ["DATA", data(1, "a")],
    ["PING", ping()],
    ["SETTINGS", settings()],
    ["RST_STREAM", rst(1)],
    ["WINDOW_UPDATE", windowUpdate(0, 1)],
    ["PRIORITY", priority(1, 0)],
    ["GOAWAY", goAway(0)],
    ["an unknown frame", frame(0xbe, 0, 1)],
  ])("must not be interrupted by %s", (_, other) => {
    const scene = serverScene().feed(begin, other, rest);
    expect(scene.both()).toEqual({
      said: ["error PROTOCOL_ERROR"],
      wrote: ["GOAWAY 0 PROTOCOL_ERROR"],
    });
  });

  test("don't begin with CONTINUATION, nor go on behind END_HEADERS", () => {
    expect(serverScene().feed(rest).said()).toEqual(["error PROTOCOL_ERROR"]);
    expect(serverScene().feed(get(1), rest).said()).toEqual([
      GET_1,
      "reset 1 PROTOCOL_ERROR",
      "error PROTOCOL_ERROR",
    ]);
  });

  test("may be trailers", () => {
    const trailers = block([["x-t", "1"]]);
    const scene = serverScene().feed(
      post(1),
      frame(FrameType.headers, Flag.endStream, 1, trailers.subarray(0, 2)),
      cont(1, trailers.subarray(2), Flag.endHeaders),
    );
    expect(scene.said()).toEqual([POST_1, "end 1 x-t=1"]);
  });

  test("whose code can't be read end the connection, as nothing behind them can", () => {
    const flags = Flag.endHeaders | Flag.endStream;
    const scene = serverScene().feed(frame(FrameType.headers, flags, 1, Uint8Array.of(0x80)));
    expect(scene.both()).toEqual({
      said: ["error COMPRESSION_ERROR"],
      wrote: ["GOAWAY 0 COMPRESSION_ERROR"],
    });
  });
});

describe("padding and priority of HEADERS", () => {
  const whole = block([
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "app.test"],
    [":path", "/"],
  ]);
  const END = Flag.endHeaders | Flag.endStream;
  const padded = (padding: number, bytes: Uint8Array, actual = padding) =>
    concatBytes([Uint8Array.of(padding), bytes, new Uint8Array(actual)]);
  const weighed = (dependsOn: number, bytes: Uint8Array) =>
    concatBytes([Uint8Array.of(0, 0, 0, dependsOn, 200), bytes]);

  test.each([0, 1, 255])("%d bytes of padding are not the block's", (padding) => {
    const bytes = padded(padding, whole);
    const scene = serverScene().feed(frame(FrameType.headers, END | Flag.padded, 1, bytes));
    expect(scene.said()).toEqual([GET_1]);
  });

  test("priority is not the block's either", () => {
    for (const dependsOn of [0, 3]) {
      const plain = weighed(dependsOn, whole);
      const both = padded(9, plain);
      for (const [flags, bytes] of [
        [Flag.priority, plain],
        [Flag.priority | Flag.padded, both],
      ] as const) {
        const scene = serverScene().feed(frame(FrameType.headers, END | flags, 1, bytes));
        expect(scene.said()).toEqual([GET_1]);
      }
    }
  });

  test.each([
    ["no pad length", Flag.padded, new Uint8Array(0)],
    ["more padding than payload", Flag.padded, padded(200, whole, 0)],
    ["padding one too long", Flag.padded, padded(6, new Uint8Array(5), 0)],
    ["half a priority", Flag.priority, new Uint8Array(4)],
    ["padding over the priority", Flag.padded | Flag.priority, padded(3, new Uint8Array(7), 0)],
  ])("with %s the frame is an error of the connection", (_, flags, bytes) => {
    const scene = serverScene().feed(frame(FrameType.headers, END | flags, 1, bytes));
    expect(scene.said()).toEqual(["error PROTOCOL_ERROR"]);
  });

  test("a stream can't depend on itself: no request comes of it", () => {
    const own = weighed(1, whole);
    const scene = serverScene().feed(frame(FrameType.headers, END | Flag.priority, 1, own), get(3));
    expect(scene.both()).toEqual({
      said: ["reset 1 PROTOCOL_ERROR", GET_1.replace("1", "3")],
      wrote: ["RST_STREAM 1 PROTOCOL_ERROR"],
    });
  });

  test("nor with a block in pieces", () => {
    const own = weighed(1, whole);
    const scene = serverScene().feed(
      frame(FrameType.headers, Flag.endStream | Flag.priority, 1, own.subarray(0, 20)),
      frame(FrameType.continuation, Flag.endHeaders, 1, own.subarray(20)),
      get(3),
    );
    expect(scene.both()).toEqual({
      said: ["reset 1 PROTOCOL_ERROR", GET_1.replace("1", "3")],
      wrote: ["RST_STREAM 1 PROTOCOL_ERROR"],
    });
  });
});
