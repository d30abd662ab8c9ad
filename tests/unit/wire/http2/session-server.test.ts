import { describe, expect, test } from "bun:test";
import { concatBytes, latin1Bytes } from "../../../../src/core/bytes.ts";
import { ErrorCode } from "../../../../src/wire/http2/message.ts";
import { block } from "../../../support/raw-http2.ts";
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
  PREFACE,
  ping,
  post,
  priority,
  rst,
  Scene,
  Setting,
  serverScene,
  settings,
  windowUpdate,
} from "./session-scene.ts";

const GET_1 = "head 1 GET http app.test / host=app.test end";
const POST_1 = "head 1 POST http app.test / host=app.test";
const OK_1 = "HEADERS 1 end :status=200";

describe("the preface", () => {
  test("of the server is SETTINGS and the connection's window, before anything is heard", () => {
    const scene = new Scene("server", { maxConcurrentStreams: 7, maxFields: 3 });
    scene.session.start();
    expect(scene.wrote()).toEqual([
      "SETTINGS table=4096 streams=7 window=262144 frame=16384 list=1048576",
      "WINDOW_UPDATE 0 983041",
    ]);
  });

  test("has no window where the protocol's is enough", () => {
    const scene = new Scene("server", { connectionWindow: 65_535, streamWindow: 1 });
    scene.session.start();
    expect(scene.wrote()).toEqual([
      "SETTINGS table=4096 streams=250 window=65535 frame=16384 list=1048576",
    ]);
  });

  test("of the client is read, and its SETTINGS are acknowledged", () => {
    const scene = new Scene("server");
    expect(scene.session.inHead).toBe(true);
    scene.feed(PREFACE);
    expect(scene.session.inHead).toBe(true);
    scene.feed(settings());
    expect(scene.session.inHead).toBe(false);
    expect(scene.both()).toEqual({ said: ["settings"], wrote: ["SETTINGS ack"] });
  });

  test("of the client must be right in every byte", () => {
    for (let i = 0; i < PREFACE.length; i++) {
      const wrong = PREFACE.slice();
      wrong[i] ^= 0x20;
      const scene = new Scene("server").feed(wrong, settings());
      expect(scene.both()).toEqual({
        said: ["error PROTOCOL_ERROR"],
        wrote: ["GOAWAY 0 PROTOCOL_ERROR"],
      });
    }
  });

  test("of the client must go on with SETTINGS", () => {
    const ack = frame(FrameType.settings, Flag.ack, 0);
    for (const other of [ping(), get(1), ack, windowUpdate(0, 1), frame(0xbe, 0, 0)]) {
      const scene = new Scene("server").feed(PREFACE, other);
      expect(scene.said()).toEqual(["error PROTOCOL_ERROR"]);
    }
  });
});

describe("a request", () => {
  test("without a body", () => {
    const scene = serverScene().feed(get(1));
    expect(scene.said()).toEqual([GET_1]);
    expect(scene.stream(1)).toMatchObject({ id: 1, receiveClosed: true, sendClosed: false });
    scene.respond(1);
    expect(scene.wrote()).toEqual([OK_1]);
    expect(scene.stream(1)).toMatchObject({ receiveClosed: true, sendClosed: true });
    expect(scene.session.streamCount).toBe(0);
  });

  test("with a body, which may end with its last bytes or behind them", () => {
    expect(serverScene().feed(post(1), data(1, "ab"), lastData(1, "c")).said()).toEqual([
      POST_1,
      "data 1 abc",
      "end 1",
    ]);
    expect(serverScene().feed(post(1), data(1, "ab"), lastData(1, "")).said()).toEqual([
      POST_1,
      "data 1 ab",
      "end 1",
    ]);
    expect(serverScene().feed(post(1), lastData(1, "")).said()).toEqual([POST_1, "end 1"]);
  });

  test("with trailers", () => {
    const trailers = headers(1, [
      ["x-t", "1"],
      ["content-length", "9"],
    ]);
    expect(serverScene().feed(post(1), data(1, "ab"), trailers).said()).toEqual([
      POST_1,
      "data 1 ab",
      "end 1 x-t=1",
    ]);
    expect(serverScene().feed(post(1), headers(1, [])).said()).toEqual([POST_1, "end 1"]);
  });

  test("is answered while its body still comes", () => {
    const scene = serverScene().feed(post(1));
    scene.respond(1);
    expect(scene.session.streamCount).toBe(1);
    scene.feed(data(1, "ab"), lastData(1, "c"));
    expect(scene.said()).toEqual([POST_1, "data 1 abc", "end 1"]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("beside others, in any order", () => {
    const scene = serverScene().feed(post(1), post(5), data(5, "b"), get(9), data(1, "a"));
    scene.respond(9);
    scene.feed(lastData(5, ""), lastData(1, ""));
    scene.respond(5);
    scene.respond(1);
    expect(scene.said()).toEqual([
      POST_1,
      POST_1.replace("1", "5"),
      "data 5 b",
      GET_1.replace("1", "9"),
      "data 1 a",
      "end 5",
      "end 1",
    ]);
    expect(scene.wrote().map((words) => words.slice(0, 9))).toEqual([
      "HEADERS 9",
      "HEADERS 5",
      "HEADERS 1",
    ]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("is answered from inside the session", () => {
    const scene = serverScene();
    scene.notes.react = (_, stream) => scene.respond(stream.id);
    expect(scene.feed(get(1), get(3)).wrote()).toEqual([OK_1, OK_1.replace("1", "3")]);
  });

  test("gets interim responses, a body and trailers", () => {
    const scene = serverScene().feed(get(1));
    const stream = scene.stream(1);
    scene.head(stream, [[":status", "103"]], false);
    scene.respond(1, false);
    expect(scene.data(stream, "abc", false)).toBe(3);
    scene.head(stream, [["X-T", "1"]], true);
    expect(scene.wrote()).toEqual([
      "HEADERS 1 :status=103",
      "HEADERS 1 :status=200",
      "DATA 1 3",
      "HEADERS 1 end x-t=1",
    ]);
    expect(scene.session.streamCount).toBe(0);
  });
});

describe("a malformed request", () => {
  const AFTER = ["RST_STREAM 1 PROTOCOL_ERROR"];
  const head: Header[] = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
  ];

  test.each<Header[][]>([
    [[]],
    [[...head, ["X-Upper", "1"]]],
    [[...head, ["connection", "close"]]],
    [[...head, ["te", "gzip"]]],
    [[["x-a", "1"], ...head]],
    [[...head, [":path", "/"]]],
    [head.slice(1)],
    [[head[0], head[1], [":path", ""]]],
    [[...head, [":status", "200"]]],
    [[...head, ["content-length", "1"]]],
  ])("ends its stream, which nobody heard of, and the connection lives: %p", (fields) => {
    const scene = serverScene().feed(headers(1, fields), get(3));
    const wrote = scene.wrote();
    expect(wrote).toEqual(AFTER);
    expect(scene.said()).toEqual(["reset 1 PROTOCOL_ERROR", GET_1.replace("1", "3")]);
    expect(scene.session.streamCount).toBe(1);
  });

  test.each([
    ["more than Content-Length says", [data(1, "abc"), data(1, "def")], "data 1 abc"],
    ["more than Content-Length says, at its end", [lastData(1, "abcdef")], ""],
    ["less than Content-Length says", [lastData(1, "abcd")], "data 1 abcd"],
    ["nothing where Content-Length says something", [lastData(1, "")], ""],
    ["less and then trailers", [data(1, "ab"), headers(1, [])], "data 1 ab"],
  ])("by its body: %s", (_, frames, before) => {
    const scene = serverScene().feed(post(1, ["content-length", "5"]), ...frames);
    expect(scene.said().slice(1)).toEqual(
      [before, "reset 1 PROTOCOL_ERROR"].filter((word) => word !== ""),
    );
    expect(scene.wrote()).toEqual(AFTER);
  });

  test("is none where the body is what Content-Length says", () => {
    const scene = serverScene().feed(
      post(1, ["content-length", "5"]),
      data(1, "abc"),
      lastData(1, "de"),
      get(3, ["content-length", "0"]),
      post(5, ["content-length", "0"]),
      lastData(5, ""),
    );
    expect(scene.wrote()).toEqual([]);
  });

  test.each([
    ["without END_STREAM", headers(1, [["x-t", "1"]], Flag.endHeaders)],
    ["with a pseudo-header field", headers(1, [[":path", "/"]])],
    ["with an upper-case name", headers(1, [["X-T", "1"]])],
  ])("by its trailers: %s", (_, trailers) => {
    const scene = serverScene().feed(post(1), data(1, "a"), trailers);
    expect(scene.said()).toEqual([POST_1, "data 1 a", "reset 1 PROTOCOL_ERROR"]);
    expect(scene.wrote()).toEqual(AFTER);
  });
});

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

describe("SETTINGS_MAX_CONCURRENT_STREAMS", () => {
  test("streams above it are refused, and may come when others are done", () => {
    const scene = serverScene({ maxConcurrentStreams: 2 }).feed(get(1), post(3), get(5));
    expect(scene.wrote()).toEqual(["RST_STREAM 5 REFUSED_STREAM"]);
    expect(scene.said().length).toBe(2);
    scene.respond(1);
    scene.feed(get(7), get(9));
    expect(scene.wrote()).toEqual([OK_1, "RST_STREAM 9 REFUSED_STREAM"]);
    expect(scene.said()).toEqual([GET_1.replace("1", "7")]);
    scene.feed(rst(3), get(11));
    expect(scene.said()).toEqual(["reset 3 CANCEL by peer", GET_1.replace("1", "11")]);
  });

  test("what follows a refused request is dropped", () => {
    const scene = serverScene({ maxConcurrentStreams: 0 });
    scene.feed(post(1), data(1, "abc"), headers(1, []), post(3), rst(3), windowUpdate(3, 1));
    expect(scene.both()).toEqual({
      said: [],
      wrote: ["RST_STREAM 1 REFUSED_STREAM", "RST_STREAM 3 REFUSED_STREAM"],
    });
  });

  test("a refused request's block still counts for HPACK's table", () => {
    const scene = serverScene({ maxConcurrentStreams: 1 });
    const start = Uint8Array.of(0x82, 0x86, 0x84);
    const literal = Uint8Array.from([0x40, 3, ...latin1Bytes("x-z"), 1, 0x39]);
    const flags = Flag.endHeaders | Flag.endStream;
    scene.feed(get(1), frame(FrameType.headers, flags, 3, concatBytes([start, literal])));
    scene.respond(1);
    scene.said();
    scene.feed(frame(FrameType.headers, flags, 5, concatBytes([start, Uint8Array.of(0xbe)])));
    expect(scene.said()).toEqual(["head 5 GET http  / x-z=9 end"]);
  });
});

describe("the end of a stream by", () => {
  test("the client's RST_STREAM", () => {
    const scene = serverScene().feed(post(1), data(1, "a"), rst(1));
    expect(scene.said()).toEqual([POST_1, "data 1 a", "reset 1 CANCEL by peer"]);
    expect(scene.stream(1)).toMatchObject({ sendClosed: true, receiveClosed: true });
    expect(scene.session.streamCount).toBe(0);
    // Nothing goes out on it any more.
    expect(scene.data(scene.stream(1), "abc", true)).toBe(3);
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    expect(scene.wrote()).toEqual([]);
  });

  test("our own: the client's frames that were on their way are dropped", () => {
    const scene = serverScene().feed(post(1));
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    expect(scene.said()).toEqual([POST_1]);
    scene.feed(data(1, "abc"), windowUpdate(1, 5), headers(1, [["x-t", "1"]]), rst(1));
    expect(scene.both()).toEqual({ said: [], wrote: ["RST_STREAM 1 CANCEL"] });
  });

  test("our own from inside the session: the rest of the read is dropped", () => {
    const scene = serverScene();
    scene.notes.react = (what, stream) => {
      if (what === "data") scene.session.reset(stream, ErrorCode.cancel);
    };
    scene.feed(post(1), data(1, "abc"), lastData(1, "def"));
    expect(scene.both()).toEqual({
      said: [POST_1, "data 1 abc"],
      wrote: ["RST_STREAM 1 CANCEL"],
    });
  });

  test("our own in the middle of a DATA frame: the rest of it is dropped", () => {
    const scene = serverScene().feed(post(1));
    const last = lastData(1, "abcdef");
    scene.feed(last.subarray(0, 12));
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    scene.feed(last.subarray(12), get(3));
    expect(scene.both()).toEqual({
      said: [POST_1, "data 1 abc", GET_1.replace("1", "3")],
      wrote: ["RST_STREAM 1 CANCEL"],
    });
  });

  test("both sides' END_STREAM: a reset says nothing any more", () => {
    const scene = serverScene().feed(get(1));
    scene.respond(1);
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    scene.feed(rst(1), windowUpdate(1, 10), priority(1, 0));
    expect(scene.both()).toEqual({ said: [GET_1], wrote: [OK_1] });
  });
});

test("a head for a stream that is gone isn't sent, and the heads behind it can be read", () => {
  const scene = serverScene().feed(post(1), get(3), get(5), get(7));
  const fields: Header[] = [
    [":status", "200"],
    ["content-type", "text/plain"],
    ["x-again", "and again"],
  ];
  scene.head(scene.stream(7), fields, true);
  scene.feed(rst(1));
  scene.head(scene.stream(1), [...fields, ["server", "lost"], ["x-lost", "1"]], true);
  scene.head(scene.stream(1), [...fields, ["server", "lost"], ["x-lost", "1"]], true);
  scene.head(scene.stream(3), [...fields, ["server", "lost"]], true);
  scene.head(scene.stream(5), [...fields, ["server", "lost"], ["x-lost", "1"]], true);
  const text = "content-type=text/plain x-again=and again";
  expect(scene.wrote()).toEqual([
    `HEADERS 7 end :status=200 ${text}`,
    `HEADERS 3 end :status=200 ${text} server=lost`,
    `HEADERS 5 end :status=200 ${text} server=lost x-lost=1`,
  ]);
});

describe("GOAWAY", () => {
  test("drain: no more streams are wanted, those there are go on, then the last one is named", () => {
    const scene = serverScene().feed(get(1));
    scene.session.drain();
    scene.session.drain();
    expect(scene.wrote()).toEqual([`GOAWAY ${2 ** 31 - 1} NO_ERROR`]);
    // On its way when the client heard of it.
    scene.feed(get(3));
    scene.respond(1);
    scene.respond(3);
    scene.session.abort(ErrorCode.noError, "");
    expect(scene.wrote()).toEqual([OK_1, OK_1.replace("1", "3"), "GOAWAY 3 NO_ERROR"]);
    expect(scene.said()).toEqual([GET_1, GET_1.replace("1", "3")]);
  });

  test("abort: the streams are gone, and nothing is read or written any more", () => {
    const scene = serverScene().feed(post(1), get(3), get(5));
    scene.respond(5);
    scene.output.take();
    scene.said();
    scene.session.abort(ErrorCode.internalError, "why not");
    scene.session.abort(ErrorCode.internalError, "why not");
    expect(scene.both()).toEqual({
      said: ["reset 1 INTERNAL_ERROR", "reset 3 INTERNAL_ERROR"],
      wrote: ["GOAWAY 5 INTERNAL_ERROR"],
    });
    scene.respond(1);
    scene.data(scene.stream(3), "abc", true);
    scene.session.reset(scene.stream(3), ErrorCode.cancel);
    scene.session.consume(scene.stream(3), 1_000_000);
    scene.session.ping();
    scene.session.drain();
    scene.feed(get(7), ping());
    expect(scene.both()).toEqual({ said: [], wrote: [] });
    expect(scene.session.streamCount).toBe(0);
  });

  test("abort from inside the session ends the reading", () => {
    const scene = serverScene();
    scene.notes.react = (what) => {
      if (what === "data") scene.session.abort(ErrorCode.noError, "");
    };
    scene.feed(post(1), lastData(1, "abc"), get(3), ping());
    expect(scene.both()).toEqual({
      said: [POST_1, "data 1 abc", "reset 1 NO_ERROR"],
      wrote: ["GOAWAY 1 NO_ERROR"],
    });
  });

  test("of the client: its streams go on", () => {
    const scene = serverScene().feed(post(1), goAway(0, 2), lastData(1, "a"));
    scene.respond(1);
    expect(scene.both()).toEqual({
      said: [POST_1, "goaway 0 INTERNAL_ERROR", "data 1 a", "end 1"],
      wrote: [OK_1],
    });
  });

  test("gone: the streams hear of it, nothing is written", () => {
    const scene = serverScene().feed(post(1), get(3));
    scene.said();
    scene.session.gone();
    scene.session.gone();
    scene.session.abort(ErrorCode.noError, "");
    expect(scene.both()).toEqual({ said: ["reset 1 CANCEL", "reset 3 CANCEL"], wrote: [] });
  });

  test("a stream that is reset because another one was isn't heard of", () => {
    for (const end of ["gone", "abort"] as const) {
      const scene = serverScene().feed(post(1), post(3), post(5));
      scene.said();
      scene.output.take();
      scene.notes.react = (what, stream) => {
        if (what === "reset" && stream.id === 1) {
          scene.session.reset(scene.stream(5), ErrorCode.cancel);
        }
      };
      if (end === "gone") scene.session.gone();
      else scene.session.abort(ErrorCode.cancel, "");
      expect(scene.said()).toEqual(["reset 1 CANCEL", "reset 3 CANCEL"]);
    }
  });
});

describe("other frames", () => {
  test("PING is answered with its bytes; an answer is told", () => {
    const scene = serverScene().feed(ping(), ping(Flag.ack));
    expect(scene.both()).toEqual({ said: ["pong"], wrote: ["PING ack 0102030405060708"] });
    scene.session.ping();
    expect(scene.wrote()).toEqual(["PING 0000000000000000"]);
  });

  test("unknown ones and unknown flags are ignored", () => {
    const scene = serverScene().feed(
      frame(0xbe, 0xff, 0, latin1Bytes("abc")),
      frame(0xbe, 0xff, 77),
      frame(FrameType.ping, 0xf0, 0, new Uint8Array(8)),
      frame(FrameType.settings, 0xf0, 0),
    );
    expect(scene.both()).toEqual({
      said: ["settings"],
      wrote: ["PING ack 0000000000000000", "SETTINGS ack"],
    });
  });

  test("PRIORITY is ignored, on streams that are there, that were, and that may be", () => {
    const scene = serverScene().feed(get(3));
    scene.respond(3);
    scene.feed(post(5), priority(5, 3), priority(3, 5), priority(1, 0), priority(99, 5), get(99));
    expect(scene.wrote()).toEqual([OK_1.replace("1", "3")]);
    expect(scene.said().length).toBe(3);
  });

  test("unknown settings are ignored", () => {
    const scene = serverScene().feed(settings([0x99, 5], [0, 2 ** 32 - 1], [0xffff, 0]));
    expect(scene.both()).toEqual({ said: ["settings"], wrote: ["SETTINGS ack"] });
  });

  test("an acknowledgement of our SETTINGS is taken", () => {
    const scene = serverScene().feed(frame(FrameType.settings, Flag.ack, 0));
    expect(scene.both()).toEqual({ said: [], wrote: [] });
  });

  test("a client may say that it takes pushes: it gets none", () => {
    expect(
      serverScene()
        .feed(settings([Setting.push, 1]))
        .wrote(),
    ).toEqual(["SETTINGS ack"]);
  });
});

describe("the peer's SETTINGS_MAX_FRAME_SIZE", () => {
  test("cuts DATA and header blocks", () => {
    const scene = serverScene({}, [Setting.window, 100_000]).feed(windowUpdate(0, 100_000));
    scene.feed(get(1));
    scene.head(
      scene.stream(1),
      [
        [":status", "200"],
        ["x-a", "\x7f".repeat(20_000)],
      ],
      false,
    );
    scene.data(scene.stream(1), "a".repeat(20_000), false);
    scene.feed(settings([Setting.frame, 20_000]));
    scene.data(scene.stream(1), "a".repeat(20_000), true);
    expect(scene.wrote().slice(1)).toEqual([
      "DATA 1 16384",
      "DATA 1 3616",
      "SETTINGS ack",
      "DATA 1 20000 end",
    ]);
  });
});

test("the peer's SETTINGS_HEADER_TABLE_SIZE of 0 empties the table that it reads with", () => {
  const scene = serverScene().feed(get(1), get(3), get(5));
  const fields: Header[] = [
    [":status", "200"],
    ["content-type", "text/plain"],
    ["x-a", "1"],
  ];
  scene.head(scene.stream(1), fields, true);
  scene.head(scene.stream(3), fields, true);
  scene.feed(settings([Setting.table, 0]));
  scene.head(scene.stream(5), fields, true);
  const words = "end :status=200 content-type=text/plain x-a=1";
  expect(scene.wrote()).toEqual([
    `HEADERS 1 ${words}`,
    `HEADERS 3 ${words}`,
    "SETTINGS ack",
    `HEADERS 5 ${words}`,
  ]);
});
