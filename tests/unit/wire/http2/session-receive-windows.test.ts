import { describe, expect, test } from "bun:test";
import { concatBytes, latin1Bytes } from "../../../../src/core/bytes.ts";
import { ErrorCode, type Http2Limits } from "../../../../src/wire/http2/message.ts";
import {
  clientScene,
  data,
  Flag,
  FrameType,
  frame,
  get,
  headers,
  lastData,
  post,
  rst,
  type Scene,
  serverScene,
  status,
} from "./session-scene.ts";

/** Windows as small as the protocol allows. */
const SMALL: Partial<Http2Limits> = { streamWindow: 65_535, connectionWindow: 65_535 };

/** A frame of DATA with so much padding. */
function padded(id: number, text: string, padding: number, flags = 0): Uint8Array {
  const payload = concatBytes([
    Uint8Array.of(padding),
    latin1Bytes(text),
    new Uint8Array(padding).fill(0x70),
  ]);
  return frame(FrameType.data, flags | Flag.padded, id, payload);
}

/** So many bytes of DATA, in frames of 16,384 at most. */
function much(id: number, bytes: number): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let left = bytes; left > 0; left -= 16_384) {
    frames.push(frame(FrameType.data, 0, id, new Uint8Array(Math.min(left, 16_384))));
  }
  return concatBytes(frames);
}

/** What WINDOW_UPDATE gave back to a stream, 0 for the connection, since the last call. */
function givenBack(words: readonly string[], id: number): number {
  return words
    .filter((each) => each.startsWith(`WINDOW_UPDATE ${id} `))
    .reduce((sum, each) => sum + Number(each.split(" ")[2]), 0);
}

/** Fills the connection's window on new streams, by streams that take it all; false where it is smaller, or larger. */
function connectionWindowIs(scene: Scene, size: number, firstId: number): boolean {
  scene.notes.consumes = false;
  let id = firstId;
  for (let left = size; left > 0; left -= 65_535, id += 2) {
    scene.feed(post(id), much(id, Math.min(left, 65_535)));
  }
  const whole = scene.said().every((words) => !words.startsWith("error"));
  scene.feed(post(id), data(id, "x"));
  return whole && scene.said().includes("error FLOW_CONTROL_ERROR");
}

describe("the windows that we give", () => {
  test("are given back once half of one is consumed", () => {
    const scene = serverScene(SMALL).feed(post(1));
    scene.feed(much(1, 32_767));
    expect(scene.wrote()).toEqual([]);
    scene.feed(data(1, "a"));
    expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 32768", "WINDOW_UPDATE 1 32768"]);
  });

  test("are given back as they are consumed, not as bytes come", () => {
    const scene = serverScene(SMALL);
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 65_535));
    expect(scene.wrote()).toEqual([]);
    const stream = scene.stream(1);
    scene.session.consume(stream, 40_000);
    expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 40000", "WINDOW_UPDATE 1 40000"]);
    scene.feed(much(1, 40_000));
    expect(scene.said().some((words) => words.startsWith("error"))).toBe(false);
  });

  test("never by more than came", () => {
    const scene = serverScene(SMALL);
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 40_000));
    scene.session.consume(scene.stream(1), 1_000_000);
    scene.session.consume(scene.stream(1), 1_000_000);
    expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 40000", "WINDOW_UPDATE 1 40000"]);
  });

  test("for a body that is complete: the connection's alone", () => {
    const scene = serverScene(SMALL);
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 40_000), lastData(1, ""));
    scene.session.consume(scene.stream(1), 40_000);
    expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 40000"]);
  });

  test("for a stream that is done on both sides: still the connection's", () => {
    const scene = serverScene(SMALL);
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 40_000), lastData(1, ""));
    scene.respond(1);
    scene.output.take();
    scene.session.consume(scene.stream(1), 40_000);
    expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 40000"]);
  });

  test("for a stream that is done on both sides, by reset", () => {
    const scene = serverScene(SMALL);
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 40_000), lastData(1, ""));
    scene.respond(1);
    scene.output.take();
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    scene.session.consume(scene.stream(1), 40_000);
    expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 40000"]);
  });

  test("hold for the connection where DATA is more than they", () => {
    const limits = { streamWindow: 1_000_000, connectionWindow: 65_535 };
    const scene = serverScene(limits);
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 65_535));
    expect(scene.said()).toHaveLength(2);
    scene.feed(data(1, "a"));
    expect(scene.both()).toEqual({
      said: ["reset 1 FLOW_CONTROL_ERROR", "error FLOW_CONTROL_ERROR"],
      wrote: ["GOAWAY 1 FLOW_CONTROL_ERROR"],
    });
  });

  test("hold for a stream, which alone ends", () => {
    const scene = serverScene({ streamWindow: 65_535 });
    scene.notes.consumes = false;
    scene.feed(post(1), post(3), much(1, 65_535), data(1, "a"), data(3, "b"));
    expect(scene.said().slice(-2)).toEqual(["reset 1 FLOW_CONTROL_ERROR", "data 3 b"]);
    expect(scene.wrote()).toEqual(["RST_STREAM 1 FLOW_CONTROL_ERROR"]);
  });

  test("are for padding too", () => {
    const scene = serverScene({ streamWindow: 65_535 });
    scene.notes.consumes = false;
    scene.feed(post(1), much(1, 65_535 - 10), padded(1, "abc", 6));
    expect(scene.said().at(-1)).toEndWith("abc");
    scene.feed(data(1, "d"));
    // The padding was consumed, but half of a window isn't yet.
    expect(scene.said()).toEqual(["reset 1 FLOW_CONTROL_ERROR"]);
  });

  test("a whole window is there before the client has acknowledged our SETTINGS", () => {
    const scene = serverScene({ streamWindow: 1, connectionWindow: 1 }).feed(post(1));
    scene.feed(much(1, 65_535));
    expect(scene.said()).toHaveLength(2);
    expect(givenBack(scene.wrote(), 0)).toBeGreaterThan(32_000);
  });
});

describe("padding of DATA", () => {
  test("isn't the body's, however it comes", () => {
    for (const padding of [0, 1, 2, 255]) {
      for (const text of ["", "a", "abc"]) {
        const bytes = padded(1, text, padding, Flag.endStream);
        for (let cut = 0; cut <= bytes.length; cut++) {
          const scene = serverScene().feed(post(1, ["content-length", String(text.length)]));
          scene.said();
          scene.feed(bytes.subarray(0, cut));
          scene.feed(bytes.subarray(cut));
          expect(scene.said()).toEqual([...(text === "" ? [] : [`data 1 ${text}`]), "end 1"]);
        }
      }
    }
  });

  test("of one frame isn't the next one's", () => {
    const scene = serverScene().feed(post(1), padded(1, "abc", 9), data(1, "defghijklmnop"));
    scene.feed(padded(1, "q", 0), lastData(1, "r"));
    expect(scene.said().slice(1)).toEqual(["data 1 abcdefghijklmnopqr", "end 1"]);
  });

  test("is given back at once", () => {
    const scene = serverScene(SMALL);
    scene.notes.consumes = false;
    scene.feed(post(1));
    for (let i = 0; i < 128; i++) scene.feed(padded(1, "abc", 255));
    expect(givenBack(scene.wrote(), 1)).toBe(128 * 256);
  });

  test.each([
    ["as long as the payload", Uint8Array.from([4, 1, 2, 3])],
    ["longer than the payload", Uint8Array.from([200, 1, 2, 3])],
    ["without its length", new Uint8Array(0)],
  ])("%s is an error of the connection", (_, payload) => {
    for (let cut = 9; cut <= payload.length + 9; cut++) {
      const bytes = frame(FrameType.data, Flag.padded, 1, payload);
      const scene = serverScene().feed(post(1), bytes.subarray(0, cut));
      scene.feed(bytes.subarray(cut));
      expect(scene.said().at(-1)).toBe("error PROTOCOL_ERROR");
    }
  });

  test("is checked on streams that are gone, too", () => {
    const scene = serverScene().feed(post(1));
    scene.session.reset(scene.stream(1), ErrorCode.cancel);
    scene.feed(padded(1, "abc", 9));
    expect(scene.wrote()).toEqual(["RST_STREAM 1 CANCEL"]);
    scene.feed(frame(FrameType.data, Flag.padded, 1, Uint8Array.of(9, 1)));
    expect(scene.wrote()).toEqual(["GOAWAY 1 PROTOCOL_ERROR"]);
  });
});

describe("the connection's window neither shrinks nor grows by", () => {
  /** Each ends with 40,000 bytes of stream 1 on their way or here, none of them consumed. */
  const ends: Record<string, (scene: Scene) => void> = {
    "a reset of ours before DATA comes": (scene) => {
      scene.session.reset(scene.stream(1), ErrorCode.cancel);
      scene.feed(much(1, 40_000));
    },
    "a reset of ours behind it": (scene) => {
      scene.feed(much(1, 40_000));
      scene.session.reset(scene.stream(1), ErrorCode.cancel);
    },
    "a reset of ours while it comes": (scene) => {
      scene.notes.react = (what, stream) => {
        if (what === "data") scene.session.reset(stream, ErrorCode.cancel);
      };
      const bytes = much(1, 40_000);
      scene.feed(bytes.subarray(0, 5000));
      scene.feed(bytes.subarray(5000));
      scene.notes.react = () => {};
    },
    "a reset of ours between two pieces of a frame": (scene) => {
      const bytes = much(1, 40_000);
      scene.feed(bytes.subarray(0, 5000));
      scene.session.reset(scene.stream(1), ErrorCode.cancel);
      scene.feed(bytes.subarray(5000));
    },
    "a reset of ours between two pieces of a padded frame": (scene) => {
      const bytes = concatBytes(Array.from({ length: 40 }, () => padded(1, "a".repeat(900), 99)));
      scene.feed(bytes.subarray(0, 950));
      scene.session.reset(scene.stream(1), ErrorCode.cancel);
      scene.feed(bytes.subarray(950));
    },
    "the client's reset": (scene) => {
      scene.feed(much(1, 40_000), rst(1));
    },
    "the client's reset, and consumption behind it": (scene) => {
      scene.feed(much(1, 40_000), rst(1));
      scene.session.consume(scene.stream(1), 40_000);
    },
    "more than Content-Length": (scene) => {
      scene.feed(post(3, ["content-length", "7"]));
      const bytes = much(3, 40_000);
      scene.feed(bytes.subarray(0, 9000));
      scene.feed(bytes.subarray(9000));
    },
    "trailers that are malformed": (scene) => {
      scene.feed(much(1, 40_000), headers(1, [["X-T", "1"]]));
    },
    "DATA on a stream that is done": (scene) => {
      scene.feed(get(3));
      scene.respond(3);
      scene.feed(much(3, 40_000));
    },
    "DATA behind END_STREAM": (scene) => {
      scene.feed(lastData(1, ""), much(1, 40_000));
    },
    "DATA on a stream that was refused": (scene) => {
      for (let id = 3; id <= 9; id += 2) scene.feed(post(id));
      scene.feed(much(9, 40_000));
      for (let id = 3; id <= 7; id += 2) scene.session.reset(scene.stream(id), ErrorCode.cancel);
    },
    "DATA on a stream that was never there": (scene) => {
      scene.feed(get(11), much(9, 40_000));
    },
    "a body that is consumed behind its stream's end": (scene) => {
      scene.feed(much(1, 40_000), lastData(1, ""));
      scene.respond(1);
      scene.session.consume(scene.stream(1), 40_000);
    },
  };

  test.each(Object.entries(ends))("%s", (_, end) => {
    const scene = serverScene({ ...SMALL, maxConcurrentStreams: 4 }).feed(post(1));
    scene.notes.consumes = false;
    end(scene);
    for (const stream of scene.notes.streams.values()) {
      scene.session.reset(stream, ErrorCode.cancel);
    }
    // All of it is given back, but for less than the half of a window that isn't told yet.
    const told = givenBack(scene.wrote(), 0);
    expect(told).toBeLessThanOrEqual(40_000);
    expect(told).toBeGreaterThan(40_000 - 32_768);
    expect(connectionWindowIs(scene, 65_535 - 40_000 + told, 101)).toBe(true);
  });

  test("a thousand resets in the middle of frames", () => {
    const scene = serverScene(SMALL);
    let told = 0;
    for (let id = 1; id < 2000; id += 2) {
      const bytes = much(id, 1000);
      scene.feed(post(id), bytes.subarray(0, 300));
      scene.session.reset(scene.stream(id), ErrorCode.cancel);
      scene.feed(bytes.subarray(300));
      told += givenBack(scene.wrote(), 0);
    }
    expect(scene.said().some((words) => words.startsWith("error"))).toBe(false);
    expect(told).toBeLessThanOrEqual(1_000_000);
    expect(told).toBeGreaterThan(1_000_000 - 32_768);
  });
});

test("the windows of a response's body, in the client role", () => {
  const scene = clientScene(SMALL);
  scene.ask();
  scene.output.take();
  scene.notes.consumes = false;
  scene.feed(status(1, 200, false), much(1, 40_000));
  scene.session.consume(scene.notes.streams.get(1)!, 40_000);
  expect(scene.wrote()).toEqual(["WINDOW_UPDATE 0 40000", "WINDOW_UPDATE 1 40000"]);
  scene.feed(much(1, 65_535));
  expect(scene.said().at(-1)).not.toStartWith("reset");
  scene.feed(data(1, "x"));
  expect(scene.said()).toEqual(["reset 1 FLOW_CONTROL_ERROR", "error FLOW_CONTROL_ERROR"]);
});
