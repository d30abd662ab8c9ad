import { describe, expect, test } from "bun:test";
import { ErrorCode } from "../../../../src/wire/http2/message.ts";
import type { Header } from "./hpack/header-list.ts";
import {
  clientScene,
  data,
  get,
  goAway,
  headers,
  lastData,
  ping,
  post,
  priority,
  rst,
  serverScene,
  status,
  windowUpdate,
} from "./session-scene.ts";

const GET_1 = "head 1 GET http app.test / host=app.test end";
const POST_1 = "head 1 POST http app.test / host=app.test";
const OK_1 = "HEADERS 1 end :status=200";

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

  test("our own, of many streams at once: what the server had sent by then is no flood", () => {
    const scene = clientScene({ maxIdleControlFrames: 10, maxResets: 10 });
    const streams = Array.from({ length: 600 }, () => scene.ask());
    for (const stream of streams) scene.session.reset(stream, ErrorCode.cancel);
    scene.both();
    for (const { id } of streams) {
      scene.feed(status(id, 200, false));
      for (let i = 0; i < 20; i++) scene.feed(data(id, "abc"));
      scene.feed(headers(id, [["x-t", "1"]]));
    }
    expect(scene.both()).toEqual({ said: [], wrote: [] });
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

  test("refuseMore: streams above the one that it names are refused, and no later GOAWAY names more", () => {
    const scene = serverScene().feed(get(1), post(3));
    scene.session.drain();
    scene.session.refuseMore();
    scene.session.refuseMore();
    scene.feed(post(5), data(5, "abc"), lastData(5, ""), lastData(3, "abc"));
    scene.respond(1);
    scene.session.abort(ErrorCode.noError, "");
    expect(scene.both()).toEqual({
      said: [GET_1, POST_1.replace("1", "3"), "data 3 abc", "end 3", "reset 3 NO_ERROR"],
      wrote: [
        `GOAWAY ${2 ** 31 - 1} NO_ERROR`,
        "GOAWAY 3 NO_ERROR",
        "RST_STREAM 5 REFUSED_STREAM",
        OK_1,
        "GOAWAY 3 NO_ERROR",
      ],
    });
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

  test("abort in the middle of a frame: the rest of it isn't read either", () => {
    for (const wire of [ping(), post(3), data(1, "abcdef")]) {
      const scene = serverScene().feed(post(1), wire.subarray(0, 12));
      scene.session.abort(ErrorCode.noError, "");
      scene.both();
      scene.feed(wire.subarray(12), ping());
      expect(scene.both()).toEqual({ said: [], wrote: [] });
    }
  });

  test("abort: nothing goes out on a stream that hasn't heard of it yet", () => {
    const scene = serverScene().feed(post(1), post(3));
    scene.notes.react = (what, stream) => {
      if (what !== "reset" || stream.id !== 1) return;
      expect(scene.stream(3)).toMatchObject({ sendClosed: true, receiveClosed: true });
      scene.respond(3, false);
      scene.data(scene.stream(3), "abc", true);
    };
    scene.session.abort(ErrorCode.cancel, "");
    expect(scene.wrote()).toEqual(["GOAWAY 3 CANCEL"]);
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
