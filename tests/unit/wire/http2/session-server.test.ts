import { describe, expect, test } from "bun:test";
import { concatBytes, latin1Bytes } from "../../../../src/core/bytes.ts";
import type { Header } from "./hpack/header-list.ts";
import {
  data,
  Flag,
  FrameType,
  frame,
  get,
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
