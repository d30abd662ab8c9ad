import { describe, expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { ErrorCode } from "../../../../src/wire/http2/message.ts";
import { block } from "../../../support/http/raw-http2.ts";
import type { Header } from "./hpack/header-list.ts";
import {
  clientScene,
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
  rst,
  Scene,
  Setting,
  settings,
  status,
  windowUpdate,
} from "./session-scene.ts";

const ASK = "HEADERS 1 end :method=GET :scheme=http :authority=app.test :path=/";

describe("the preface", () => {
  test("of the client is its magic, SETTINGS without pushes, and the connection's window", () => {
    const scene = new Scene("client");
    scene.session.start();
    const bytes = scene.output.take();
    expect(latin1(bytes, 0, PREFACE.length)).toBe(latin1(PREFACE));
    scene.output.write(bytes, PREFACE.length);
    expect(scene.wrote()).toEqual([
      "SETTINGS table=4096 push=0 window=262144 frame=16384 list=1048576",
      "WINDOW_UPDATE 0 983041",
    ]);
  });

  test("of the server is SETTINGS", () => {
    const scene = new Scene("client");
    expect(scene.session.inHead).toBe(true);
    scene.feed(settings());
    expect(scene.session.inHead).toBe(false);
    expect(scene.both()).toEqual({ said: ["settings"], wrote: ["SETTINGS ack"] });
    for (const other of [ping(), frame(FrameType.settings, Flag.ack, 0), goAway(0)]) {
      expect(new Scene("client").feed(other).said()).toEqual(["error PROTOCOL_ERROR"]);
    }
  });

  test("of something that speaks HTTP/1.1 is none", () => {
    const scene = new Scene("client").feed(latin1Bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(scene.said()).toHaveLength(1);
    expect(scene.wrote()[0]).toStartWith("GOAWAY 0 ");
  });

  test("requests need not wait for the server's", () => {
    const scene = new Scene("client");
    scene.ask();
    expect(scene.wrote()).toEqual([ASK]);
  });
});

describe("a response", () => {
  test("without a body", () => {
    const scene = clientScene();
    const stream = scene.ask();
    expect(stream).toMatchObject({ id: 1, owner: "owner", sendClosed: true, receiveClosed: false });
    scene.feed(status(1, 204, true));
    expect(scene.both()).toEqual({ said: ["head 1 204 end"], wrote: [ASK] });
    expect(scene.session.streamCount).toBe(0);
  });

  test("with a body and trailers, behind interim ones", () => {
    const scene = clientScene();
    scene.ask();
    scene.feed(
      status(1, 100, false),
      status(1, 103, false, ["link", "</a>"]),
      status(1, 200, false, ["content-length", "3"]),
      data(1, "ab"),
      data(1, "c"),
      headers(1, [["x-t", "1"]]),
    );
    expect(scene.said()).toEqual([
      "head 1 100",
      "head 1 103 link=</a>",
      "head 1 200 content-length=3",
      "data 1 abc",
      "end 1 x-t=1",
    ]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("before the request is complete: the stream stays until it is", () => {
    const scene = clientScene();
    const stream = scene.ask("POST", false);
    scene.feed(status(1, 200, true));
    expect(stream).toMatchObject({ sendClosed: false, receiveClosed: true });
    expect(scene.session.streamCount).toBe(1);
    scene.data(stream, "abc", false);
    scene.data(stream, "", true);
    expect(scene.wrote().slice(1)).toEqual(["DATA 1 3", "DATA 1 0 end"]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("before the request is complete, which is given up then", () => {
    const scene = clientScene();
    const stream = scene.ask("POST", false);
    scene.feed(status(1, 200, true));
    scene.session.reset(stream, ErrorCode.noError);
    expect(scene.wrote().slice(1)).toEqual(["RST_STREAM 1 NO_ERROR"]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("to HEAD, and 304, say a length without a body", () => {
    const scene = clientScene();
    scene.ask("HEAD");
    scene.ask("HEAD");
    scene.ask();
    scene.feed(
      status(1, 200, true, ["content-length", "5"]),
      status(3, 200, false, ["content-length", "5"]),
      lastData(3, ""),
      status(5, 304, true, ["content-length", "5"]),
    );
    expect(scene.said()).toEqual([
      "head 1 200 content-length=5 end",
      "head 3 200 content-length=5",
      "end 3",
      "head 5 304 content-length=5 end",
    ]);
  });
});

describe("a malformed response resets its stream, and the connection lives:", () => {
  test.each<[string, Uint8Array[], string[]]>([
    ["no status", [headers(1, [["x-a", "1"]])], []],
    ["101", [status(1, 101, false)], []],
    ["a request's fields", [get(1)], []],
    ["an upper-case name", [status(1, 200, true, ["X-A", "1"])], []],
    ["a connection-specific field", [status(1, 200, true, ["connection", "close"])], []],
    ["an interim response that ends", [status(1, 103, true)], []],
    ["DATA before the head", [data(1, "abc")], []],
    ["DATA behind an interim response", [status(1, 103, false), data(1, "abc")], ["head 1 103"]],
    [
      "more than Content-Length says",
      [status(1, 200, false, ["content-length", "2"]), data(1, "abc")],
      ["head 1 200 content-length=2"],
    ],
    [
      "less than Content-Length says",
      [status(1, 200, false, ["content-length", "4"]), lastData(1, "abc")],
      ["head 1 200 content-length=4", "data 1 abc"],
    ],
    [
      "trailers without END_STREAM",
      [status(1, 200, false), headers(1, [["x-t", "1"]], Flag.endHeaders)],
      ["head 1 200"],
    ],
    ["a second head", [status(1, 200, false), status(1, 200, true)], ["head 1 200"]],
    ["a header list above the limit", [status(1, 200, true, ["x-a", "v".repeat(400)])], []],
  ])("%s", (_, frames, before) => {
    const scene = clientScene({ maxHeaderListBytes: 400 });
    scene.ask();
    scene.ask();
    scene.output.take();
    scene.feed(...frames, status(3, 200, true));
    expect(scene.both()).toEqual({
      said: [...before, "reset 1 PROTOCOL_ERROR", "head 3 200 end"],
      wrote: ["RST_STREAM 1 PROTOCOL_ERROR"],
    });
    expect(scene.session.streamCount).toBe(0);
  });
});

test("frames behind END_STREAM, where the request is still on its way, are STREAM_CLOSED", () => {
  for (const late of [data(1, "abc"), headers(1, [["x-t", "1"]])]) {
    const scene = clientScene();
    scene.ask("POST", false);
    scene.feed(status(1, 200, true), late);
    expect(scene.said()).toEqual(["head 1 200 end", "reset 1 STREAM_CLOSED"]);
    expect(scene.wrote().slice(1)).toEqual(["RST_STREAM 1 STREAM_CLOSED"]);
  }
});

describe("RST_STREAM", () => {
  test("of the server ends the stream", () => {
    const scene = clientScene();
    const stream = scene.ask();
    scene.feed(rst(1, ErrorCode.refusedStream));
    expect(scene.said()).toEqual(["reset 1 REFUSED_STREAM by peer"]);
    expect(stream).toMatchObject({ sendClosed: true, receiveClosed: true });
  });

  test("our own: what was on its way is dropped", () => {
    const scene = clientScene();
    const stream = scene.ask();
    scene.session.reset(stream, ErrorCode.cancel);
    scene.feed(status(1, 200, false), data(1, "abc"), headers(1, [["x-t", "1"]]), rst(1));
    expect(scene.both()).toEqual({ said: [], wrote: [ASK, "RST_STREAM 1 CANCEL"] });
  });

  test("our own: a late block still counts for HPACK's table", () => {
    const scene = clientScene();
    scene.session.reset(scene.ask(), ErrorCode.cancel);
    scene.ask();
    const literal = Uint8Array.from([0x88, 0x40, 3, ...latin1Bytes("x-z"), 1, 0x39]);
    const flags = Flag.endHeaders | Flag.endStream;
    scene.feed(
      frame(FrameType.headers, flags, 1, literal),
      frame(FrameType.headers, flags, 3, Uint8Array.of(0x88, 0xbe)),
    );
    expect(scene.said()).toEqual(["head 3 200 x-z=9 end"]);
  });
});

describe("how many streams may be opened", () => {
  test("is any number until the server says one", () => {
    const scene = new Scene("client");
    expect(scene.session.openable).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 300; i++) scene.ask();
    expect(scene.session.streamCount).toBe(300);
  });

  test("is what the server says, now", () => {
    const scene = clientScene({}, [Setting.streams, 2]);
    scene.ask();
    expect(scene.session.openable).toBe(1);
    scene.ask();
    expect(scene.session.openable).toBe(0);
    expect(scene.session.open("one too many")).toBeNull();
    scene.feed(settings([Setting.streams, 1]));
    expect(scene.session.openable).toBe(0);
    scene.feed(status(1, 200, true));
    expect(scene.session.openable).toBe(0);
    scene.feed(status(3, 200, true));
    expect(scene.session.openable).toBe(1);
    expect(scene.ask().id).toBe(5);
    scene.feed(settings([Setting.streams, 10]));
    expect(scene.session.openable).toBe(9);
  });

  test("is none behind our GOAWAY, or at the session's end", () => {
    const drained = clientScene();
    drained.ask();
    drained.session.drain();
    expect(drained.wrote()).toEqual([ASK, "GOAWAY 0 NO_ERROR"]);
    expect(drained.session.openable).toBe(0);
    expect(drained.session.open("")).toBeNull();
    drained.feed(status(1, 200, true));
    expect(drained.said()).toEqual(["head 1 200 end"]);
    const gone = clientScene();
    gone.session.gone();
    expect(gone.session.open("")).toBeNull();
  });
});

test("numbers of streams end at 2^31 - 1", () => {
  const scene = clientScene();
  scene.ask();
  // As if half of 2^31 had gone by.
  const { streams } = scene.session as unknown as { streams: { nextOwn: number } };
  streams.nextOwn = 2 ** 31 - 1;
  expect(scene.ask().id).toBe(2 ** 31 - 1);
  expect(scene.session.openable).toBe(0);
  expect(scene.session.open("one too many")).toBeNull();
  scene.feed(status(2 ** 31 - 1, 200, true), status(1, 200, true));
  expect(scene.said()).toEqual([`head ${2 ** 31 - 1} 200 end`, "head 1 200 end"]);
});

describe("GOAWAY of the server", () => {
  test("streams above its last one were not looked at; the others go on", () => {
    const scene = clientScene();
    for (let i = 0; i < 4; i++) scene.ask();
    scene.feed(goAway(3));
    expect(scene.said()).toEqual([
      "reset 5 REFUSED_STREAM by peer",
      "reset 7 REFUSED_STREAM by peer",
      "goaway 3 NO_ERROR",
    ]);
    expect(scene.session.openable).toBe(0);
    scene.feed(status(1, 200, true), status(3, 200, true), status(7, 200, true));
    expect(scene.said()).toEqual(["head 1 200 end", "head 3 200 end"]);
    expect(scene.session.streamCount).toBe(0);
  });

  test("in two steps: first none is lost, then those behind the last one", () => {
    const scene = clientScene();
    scene.ask();
    scene.ask();
    scene.feed(goAway(2 ** 31 - 1));
    expect(scene.said()).toEqual([`goaway ${2 ** 31 - 1} NO_ERROR`]);
    expect(scene.session.openable).toBe(0);
    scene.feed(goAway(1));
    expect(scene.said()).toEqual(["reset 3 REFUSED_STREAM by peer", "goaway 1 NO_ERROR"]);
  });

  test("with an error", () => {
    const scene = clientScene();
    scene.ask();
    scene.feed(goAway(0, ErrorCode.enhanceYourCalm));
    expect(scene.said()).toEqual(["reset 1 REFUSED_STREAM by peer", "goaway 0 ENHANCE_YOUR_CALM"]);
  });

  test("may have a text behind it", () => {
    const text = latin1Bytes("\0\0\0\x01\0\0\0\x02because");
    const scene = clientScene().feed(frame(FrameType.goAway, 0, 0, text));
    expect(scene.said()).toEqual(["goaway 1 INTERNAL_ERROR"]);
  });

  test("a stream that is reset because another one was isn't heard of", () => {
    const scene = clientScene();
    scene.ask();
    const other = scene.ask();
    scene.notes.react = (_, stream) => {
      if (stream.id === 1) scene.session.reset(other, ErrorCode.cancel);
    };
    scene.feed(goAway(0));
    expect(scene.said()).toEqual(["reset 1 REFUSED_STREAM by peer", "goaway 0 NO_ERROR"]);
  });
});

describe("what a server may not do", () => {
  const promise = frame(
    FrameType.pushPromise,
    Flag.endHeaders,
    1,
    Uint8Array.from([0, 0, 0, 2, ...block([[":method", "GET"]])]),
  );

  test.each([
    ["push", promise],
    ["say that pushes are on", settings([Setting.push, 1])],
    ["open a stream", status(2, 200, true)],
    ["answer a stream that isn't open", status(5, 200, true)],
    ["send DATA on a stream that isn't open", data(5, "abc")],
    ["send DATA on a stream of its own", data(2, "abc")],
    ["reset a stream that isn't open", rst(5)],
    ["reset a stream of its own", rst(2)],
    ["open the window of a stream that isn't open", windowUpdate(5, 1)],
    ["answer the next stream before it is opened", status(3, 200, true)],
    ["send DATA on it", data(3, "abc")],
    ["reset it", rst(3)],
    ["answer the connection", status(0, 200, true)],
    ["send DATA on the connection", data(0, "abc")],
    ["reset the connection", rst(0)],
  ])("%s", (_, bytes) => {
    const scene = clientScene();
    scene.ask();
    scene.output.take();
    expect(scene.feed(bytes).both()).toEqual({
      said: ["reset 1 PROTOCOL_ERROR", "error PROTOCOL_ERROR"],
      wrote: ["GOAWAY 0 PROTOCOL_ERROR"],
    });
    expect(scene.session.openable).toBe(0);
  });

  test("send a request on a stream of ours", () => {
    const scene = clientScene();
    scene.ask();
    expect(scene.feed(post(1)).said()).toEqual(["reset 1 PROTOCOL_ERROR"]);
  });

  test("it may say that pushes are off", () => {
    expect(
      clientScene()
        .feed(settings([Setting.push, 0]))
        .said(),
    ).toEqual(["settings"]);
  });
});

test("late frames on streams that are done are told from those on streams that never were", () => {
  const scene = clientScene();
  scene.ask();
  scene.feed(status(1, 200, true));
  scene.output.take();
  scene.feed(rst(1), windowUpdate(1, 7), headers(1, [["x-t", "1"]]));
  expect(scene.both()).toEqual({ said: ["head 1 200 end"], wrote: [] });
  scene.feed(data(1, "abc"));
  expect(scene.both()).toEqual({ said: [], wrote: ["RST_STREAM 1 STREAM_CLOSED"] });
});

test("a request body goes out behind an interim response", () => {
  const scene = clientScene();
  const stream = scene.ask("POST", false);
  scene.notes.react = (what) => {
    if (what === "head" && !stream.sendClosed) scene.data(stream, "body", true);
  };
  scene.feed(status(1, 100, false), status(1, 200, true));
  expect(scene.said()).toEqual(["head 1 100", "head 1 200 end"]);
  expect(scene.wrote().slice(1)).toEqual(["DATA 1 4 end"]);
});

test("trailers of a request", () => {
  const scene = clientScene();
  const stream = scene.ask("POST", false);
  const trailers: Header[] = [["x-t", "1"]];
  scene.data(stream, "abc", false);
  scene.head(stream, trailers, true);
  expect(scene.wrote().slice(1)).toEqual(["DATA 1 3", "HEADERS 1 end x-t=1"]);
  expect(stream.sendClosed).toBe(true);
});
