import { describe, expect, test } from "bun:test";
import { concatBytes } from "../../../../src/core/bytes.ts";
import { DEFAULT_HTTP2_LIMITS, ErrorCode } from "../../../../src/wire/http2/message.ts";
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
  ping,
  post,
  priority,
  rst,
  type Scene,
  Setting,
  serverScene,
  settings,
  status,
  uint32,
  windowUpdate,
} from "./session-scene.ts";

const bytes = (length: number) => new Uint8Array(length);

describe("errors of the connection:", () => {
  /** Sent to a server with streams 1 (half closed), 3 (open), 5 (done). */
  const cases: Record<string, [code: string, Uint8Array]> = {
    "a frame that is too large": ["FRAME_SIZE_ERROR", data(3, "a".repeat(16_385))],
    "an unknown frame that is too large": ["FRAME_SIZE_ERROR", frame(0xbe, 0, 0, bytes(16_385))],
    "HEADERS that are too large": ["FRAME_SIZE_ERROR", frame(1, 4, 7, bytes(16_385))],
    "SETTINGS of 5 bytes": ["FRAME_SIZE_ERROR", frame(4, 0, 0, bytes(5))],
    "SETTINGS of 7 bytes": ["FRAME_SIZE_ERROR", frame(4, 0, 0, bytes(7))],
    "an acknowledgement with a payload": ["FRAME_SIZE_ERROR", frame(4, Flag.ack, 0, bytes(6))],
    "PING of 7 bytes": ["FRAME_SIZE_ERROR", frame(6, 0, 0, bytes(7))],
    "PING of 9 bytes": ["FRAME_SIZE_ERROR", frame(6, Flag.ack, 0, bytes(9))],
    "WINDOW_UPDATE of 3 bytes": ["FRAME_SIZE_ERROR", frame(8, 0, 3, bytes(3))],
    "WINDOW_UPDATE of 5 bytes": ["FRAME_SIZE_ERROR", frame(8, 0, 0, bytes(5))],
    "RST_STREAM of 3 bytes": ["FRAME_SIZE_ERROR", frame(3, 0, 3, bytes(3))],
    "RST_STREAM of 5 bytes": ["FRAME_SIZE_ERROR", frame(3, 0, 3, bytes(5))],
    "GOAWAY of 7 bytes": ["FRAME_SIZE_ERROR", frame(7, 0, 0, bytes(7))],
    "DATA on the connection": ["PROTOCOL_ERROR", data(0, "abc")],
    "HEADERS on the connection": ["PROTOCOL_ERROR", get(0)],
    "PRIORITY on the connection": ["PROTOCOL_ERROR", priority(0, 1)],
    "RST_STREAM on the connection": ["PROTOCOL_ERROR", rst(0)],
    "SETTINGS on a stream": ["PROTOCOL_ERROR", frame(4, 0, 3)],
    "PING on a stream": ["PROTOCOL_ERROR", frame(6, 0, 3, bytes(8))],
    "GOAWAY on a stream": ["PROTOCOL_ERROR", frame(7, 0, 3, bytes(8))],
    PUSH_PROMISE: ["PROTOCOL_ERROR", frame(5, 4, 3, concatBytes([uint32(2), block([])]))],
    "DATA on a stream that isn't open": ["PROTOCOL_ERROR", data(7, "abc")],
    "RST_STREAM on one": ["PROTOCOL_ERROR", rst(7)],
    "WINDOW_UPDATE on one": ["PROTOCOL_ERROR", windowUpdate(7, 1)],
    "a client's stream with an even number": ["PROTOCOL_ERROR", get(8)],
    "DATA on a stream of ours": ["PROTOCOL_ERROR", data(2, "abc")],
    "RST_STREAM on a stream of ours": ["PROTOCOL_ERROR", rst(2)],
    "HEADERS on a stream that is done": ["STREAM_CLOSED", get(5)],
    "SETTINGS_ENABLE_PUSH of 2": ["PROTOCOL_ERROR", settings([Setting.push, 2])],
    "SETTINGS_MAX_FRAME_SIZE of 16,383": ["PROTOCOL_ERROR", settings([Setting.frame, 16_383])],
    "SETTINGS of 65 parameters": ["ENHANCE_YOUR_CALM", frame(4, 0, 0, bytes(65 * 6))],
    "SETTINGS_MAX_FRAME_SIZE of 2^24": ["PROTOCOL_ERROR", settings([Setting.frame, 2 ** 24])],
  };

  test.each(Object.entries(cases))("%s", (_, [code, wire]) => {
    // Cut anywhere, and with something behind it that isn't read any more.
    for (let cut = 0; cut <= Math.min(wire.length, 30); cut++) {
      const scene = serverScene().feed(get(1), post(3), get(5));
      scene.respond(5);
      scene.said();
      scene.output.take();
      scene.feed(wire.subarray(0, cut));
      scene.feed(wire.subarray(cut), ping(), get(9));
      scene.feed(get(11));
      expect(scene.both()).toEqual({
        said: [`reset 1 ${code}`, `reset 3 ${code}`, `error ${code}`],
        wrote: [`GOAWAY 5 ${code}`],
      });
      expect(scene.stream(3)).toMatchObject({ sendClosed: true, receiveClosed: true });
      expect(scene.session.streamCount).toBe(0);
    }
  });

  test("a stream whose number is below another's", () => {
    const scene = serverScene().feed(get(5), get(3));
    expect(scene.said().at(-1)).toBe("error PROTOCOL_ERROR");
  });

  test("a stream that was used long ago", () => {
    const scene = serverScene();
    scene.notes.react = (_, stream) => scene.respond(stream.id);
    for (let id = 1; id <= 1001; id += 2) scene.feed(get(id));
    scene.said();
    expect(scene.feed(get(1)).said()).toEqual(["error PROTOCOL_ERROR"]);
  });
});

describe("errors of a stream:", () => {
  const END = Flag.endHeaders | Flag.endStream;
  const cases: Record<string, [code: string, Uint8Array]> = {
    "DATA behind END_STREAM": ["STREAM_CLOSED", data(1, "abc")],
    "HEADERS behind END_STREAM": ["STREAM_CLOSED", headers(1, [["x-t", "1"]])],
    "PRIORITY of 4 bytes": ["FRAME_SIZE_ERROR", frame(2, 0, 1, bytes(4))],
    "PRIORITY of 6 bytes": ["FRAME_SIZE_ERROR", frame(2, 0, 1, bytes(6))],
    "PRIORITY on itself": ["PROTOCOL_ERROR", priority(1, 1)],
    "PRIORITY on itself, exclusively": ["PROTOCOL_ERROR", priority(1, 2 ** 31 + 1)],
    "WINDOW_UPDATE of 0": ["PROTOCOL_ERROR", windowUpdate(1, 0)],
    "trailers with priority on itself": [
      "STREAM_CLOSED",
      frame(1, END | Flag.priority, 1, concatBytes([uint32(1), Uint8Array.of(9), block([])])),
    ],
  };

  test.each(Object.entries(cases))("%s", (_, [code, wire]) => {
    const scene = serverScene().feed(get(1));
    scene.said();
    scene.feed(wire, get(3));
    expect(scene.both()).toEqual({
      said: [`reset 1 ${code}`, "head 3 GET http app.test / host=app.test end"],
      wrote: [`RST_STREAM 1 ${code}`],
    });
  });

  test("DATA on a stream that is done", () => {
    const scene = serverScene().feed(get(1));
    scene.respond(1);
    scene.output.take();
    scene.feed(data(1, "abc"), lastData(1, ""));
    expect(scene.wrote()).toEqual(["RST_STREAM 1 STREAM_CLOSED", "RST_STREAM 1 STREAM_CLOSED"]);
  });

  test("DATA on a stream that was left out, once", () => {
    const scene = serverScene().feed(get(9), data(3, "abc"), data(3, "def"), lastData(3, ""));
    expect(scene.wrote()).toEqual(["RST_STREAM 3 STREAM_CLOSED"]);
  });

  test("PRIORITY that is wrong, on a stream that may still be opened", () => {
    const scene = serverScene().feed(priority(3, 3), frame(2, 0, 3, bytes(1)), post(3));
    expect(scene.wrote()).toEqual(["RST_STREAM 3 PROTOCOL_ERROR", "RST_STREAM 3 FRAME_SIZE_ERROR"]);
    scene.feed(lastData(3, "abc"));
    scene.respond(3);
    expect(scene.said().slice(1)).toEqual(["data 3 abc", "end 3"]);
    // It was done for all that, and not reset.
    expect(scene.feed(get(3)).said()).toEqual(["error STREAM_CLOSED"]);
  });
});

test("a larger SETTINGS_MAX_FRAME_SIZE of ours takes larger frames", () => {
  const scene = serverScene({ maxFrameSize: 20_000 }).feed(post(1), data(1, "a".repeat(20_000)));
  expect(scene.said()).toHaveLength(2);
  expect(
    scene
      .feed(data(1, "a".repeat(20_001)))
      .said()
      .at(-1),
  ).toBe("error FRAME_SIZE_ERROR");
});

describe("header blocks without end:", () => {
  const CALM = { said: ["error ENHANCE_YOUR_CALM"], wrote: ["GOAWAY 0 ENHANCE_YOUR_CALM"] };
  const cont = (payload: Uint8Array) => frame(FrameType.continuation, 0, 1, payload);

  test("64 frames are taken, and no more", () => {
    const scene = serverScene().feed(frame(FrameType.headers, Flag.endStream, 1));
    for (let i = 0; i < 63; i++) scene.feed(cont(bytes(0)));
    expect(scene.both()).toEqual({ said: [], wrote: [] });
    expect(scene.feed(cont(bytes(0))).both()).toEqual(CALM);
  });

  test("some bytes more than the limit of a decoded list are taken, and no more", () => {
    const scene = serverScene({ maxHeaderListBytes: 20_000 });
    scene.feed(frame(FrameType.headers, Flag.endStream, 1, bytes(16_384)), cont(bytes(16_384)));
    scene.feed(cont(bytes(20_000 + 16_384 - 2 * 16_384)));
    expect(scene.both()).toEqual({ said: [], wrote: [] });
    expect(scene.feed(cont(bytes(1))).both()).toEqual(CALM);
  });
});

describe("what costs a peer nothing is counted:", () => {
  const IDLE = 40;
  const RESETS = 20;
  const limits = { maxIdleControlFrames: IDLE, maxResets: RESETS };

  /** How often in a row that goes well, and what comes when it doesn't any more. */
  function count(scene: Scene, one: (i: number) => void, most = 200): number {
    scene.said();
    scene.output.take();
    for (let i = 0; i < most; i++) {
      one(i);
      if (!scene.said().includes("error ENHANCE_YOUR_CALM")) continue;
      expect(scene.wrote().at(-1)).toEndWith(" ENHANCE_YOUR_CALM");
      return i;
    }
    return most;
  }

  const server = () => serverScene(limits).feed(post(1));
  const resetStream = () => {
    const scene = server();
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    return scene;
  };
  const doneStream = () => {
    const scene = serverScene(limits).feed(get(1));
    scene.respond(1);
    return scene;
  };
  const client = () => {
    const scene = clientScene(limits);
    scene.ask("POST", false);
    return scene;
  };
  const clientDone = () => {
    const scene = clientScene(limits);
    scene.ask();
    return scene.feed(status(1, 200, true));
  };

  /** Frames that move nothing forward. */
  const idle: Record<string, [() => Scene, Uint8Array]> = {
    SETTINGS: [server, settings()],
    PING: [server, ping()],
    "answers to PING": [server, ping(Flag.ack)],
    "WINDOW_UPDATE of the connection": [server, windowUpdate(0, 1)],
    "WINDOW_UPDATE of a stream": [server, windowUpdate(1, 1)],
    "WINDOW_UPDATE of a stream that is done": [doneStream, windowUpdate(1, 1)],
    PRIORITY: [server, priority(1, 0)],
    "PRIORITY of no stream": [server, priority(99, 0)],
    "unknown frames": [server, frame(0xbe, 0, 1, bytes(9))],
    "RST_STREAM of a stream that is done": [doneStream, rst(1)],
    GOAWAY: [server, goAway(0)],
    "empty DATA": [server, data(1, "")],
    "DATA of padding": [server, frame(0, Flag.padded, 1, Uint8Array.of(3, 0, 0, 0))],
    "DATA of no padding": [server, frame(0, Flag.padded, 1, Uint8Array.of(0))],
    "empty DATA on a stream that was reset": [resetStream, data(1, "")],
    "HEADERS on a stream that was reset, behind trailers": [
      () => resetStream().feed(headers(1, [["x-t", "1"]]), headers(1, [["x-t", "1"]])),
      headers(1, [["x-t", "1"]]),
    ],
    "SETTINGS, to a client": [client, settings()],
    "interim responses": [client, status(1, 103, false)],
    "empty DATA, to a client": [() => client().feed(status(1, 200, false)), data(1, "")],
    "HEADERS on a stream that is done": [clientDone, headers(1, [["x-t", "1"]])],
  };

  test.each(Object.entries(idle))("%s", (_, [make, wire]) => {
    const scene = make();
    expect(count(scene, () => void scene.feed(wire))).toBe(IDLE);
  });

  test.each(Object.entries(idle))("%s between useful work may come for ever", (_, [make, wire]) => {
    const scene = make();
    let id = 101;
    /** A request that is answered. */
    const work = () => {
      if (scene.role === "client") {
        const stream = scene.ask();
        scene.feed(status(stream.id, 200, true));
      } else {
        scene.feed(get(id));
        scene.respond(id);
        id += 2;
      }
    };
    expect(
      count(scene, () => {
        work();
        for (let i = 0; i < 8; i++) scene.feed(wire);
      }),
    ).toBe(200);
  });

  /** Streams that end early. */
  const resets: Record<string, (id: number, scene: Scene) => Uint8Array[]> = {
    "resets by the client": (id) => [post(id), rst(id)],
    "resets by the client, of whole requests": (id) => [get(id), rst(id)],
    "errors with a stream": (id) => [post(id), windowUpdate(id, 0)],
    "malformed requests": (id) => [headers(id, [["x-a", "1"]])],
    "DATA behind END_STREAM": (id) => [get(id), data(id, "a")],
    "bodies above their Content-Length": (id) => [
      post(id, ["content-length", "1"]),
      data(id, "ab"),
    ],
    "windows that overflow": (id) => [post(id), windowUpdate(id, 2 ** 31 - 1)],
    "PRIORITY on itself": (id) => [priority(id, id)],
    "priority on itself": (id) => [
      frame(
        FrameType.headers,
        Flag.endHeaders | Flag.endStream | Flag.priority,
        id,
        concatBytes([uint32(id), Uint8Array.of(1), block([[":method", "GET"]])]),
      ),
    ],
  };

  test.each(Object.entries(resets))("%s", (_, frames) => {
    const scene = serverScene({ ...limits, maxIdleControlFrames: 10_000 });
    expect(count(scene, (i) => void scene.feed(...frames(2 * i + 1, scene)))).toBe(RESETS);
  });

  test.each(Object.entries(resets))(
    "%s beside answered requests may come for ever",
    (_, frames) => {
      const scene = serverScene(limits);
      const most = count(scene, (i) => {
        scene.feed(get(4 * i + 1));
        scene.respond(4 * i + 1);
        scene.feed(...frames(4 * i + 3, scene));
      });
      expect(most).toBe(200);
    },
  );

  test("acknowledgements of SETTINGS, behind the first", () => {
    const ack = frame(FrameType.settings, Flag.ack, 0);
    const scene = server();
    expect(count(scene, () => void scene.feed(ack))).toBe(IDLE + 1);
  });

  test("streams above the limit", () => {
    const scene = serverScene({ ...limits, maxConcurrentStreams: 1 }).feed(post(1));
    expect(count(scene, (i) => void scene.feed(get(2 * i + 3)))).toBe(RESETS);
  });

  test("DATA on a stream that is done", () => {
    const scene = doneStream();
    expect(count(scene, () => void scene.feed(data(1, "a")))).toBe(RESETS);
  });

  test("DATA on a stream that was reset, beyond its window", () => {
    const window = 65_535;
    const scene = serverScene({ ...limits, streamWindow: window }).feed(post(1));
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    expect(count(scene, () => void scene.feed(data(1, "abc")), window)).toBe(window / 3 + IDLE);
  });

  test("a reset of a stream that was answered costs nothing", () => {
    const scene = serverScene(limits);
    const most = count(scene, (i) => {
      scene.feed(post(2 * i + 1));
      scene.respond(2 * i + 1);
      scene.feed(rst(2 * i + 1));
    });
    expect(most).toBe(200);
  });

  test("nor does that of one whose response has begun", () => {
    const scene = serverScene(limits);
    const most = count(scene, (i) => {
      scene.feed(get(2 * i + 1));
      scene.respond(2 * i + 1, false);
      scene.data(scene.stream(2 * i + 1), "abc", false);
      scene.feed(rst(2 * i + 1));
    });
    expect(most).toBe(200);
  });

  test("header lists above the limit are answered, and cost what an answer costs", () => {
    const scene = serverScene({ ...limits, maxFields: 5 });
    const over: Header[] = [
      ["a", "1"],
      ["b", "1"],
    ];
    const most = count(scene, (i) => void scene.feed(post(2 * i + 1, ...over)));
    expect(most).toBe(200);
    expect(scene.session.streamCount).toBe(0);
  });

  test("a server's resets are its own business: a client counts none", () => {
    const scene = clientScene({ ...limits, maxIdleControlFrames: 10_000 });
    const most = count(scene, () => {
      scene.feed(rst(scene.ask().id));
      scene.feed(windowUpdate(scene.ask().id, 0));
    });
    expect(most).toBe(200);
  });

  test("a busy connection never comes near the limits of the default", () => {
    const scene = serverScene();
    const { maxIdleControlFrames } = DEFAULT_HTTP2_LIMITS;
    for (let id = 1; id < 2 * maxIdleControlFrames; id += 2) {
      scene.feed(post(id), data(id, "a"), ping(), windowUpdate(0, 10), windowUpdate(id, 10));
      scene.feed(data(id, ""), lastData(id, ""));
      scene.respond(id);
    }
    expect(scene.said().some((words) => words.startsWith("error"))).toBe(false);
  });
});
