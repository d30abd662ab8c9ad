import { describe, expect, test } from "bun:test";
import { ErrorCode } from "../../../../src/wire/http2/message.ts";
import {
  clientScene,
  get,
  post,
  rst,
  type Scene,
  Setting,
  serverScene,
  settings,
  windowUpdate,
} from "./session-scene.ts";

const LARGEST = 2 ** 31 - 1;

describe("the windows that we are given", () => {
  test("of the stream: what doesn't fit waits for it", () => {
    const scene = serverScene({}, [Setting.window, 5]).feed(get(1));
    scene.respond(1, false);
    const stream = scene.stream(1);
    expect(scene.data(stream, "abc", false)).toBe(3);
    expect(scene.data(stream, "defg", true)).toBe(2);
    expect(scene.data(stream, "fg", true)).toBe(0);
    scene.feed(windowUpdate(1, 1));
    expect(scene.said().slice(1)).toEqual(["writable 1"]);
    expect(scene.data(stream, "fg", true)).toBe(1);
    scene.feed(windowUpdate(1, 100));
    expect(scene.said()).toEqual(["writable 1"]);
    expect(scene.data(stream, "g", true)).toBe(1);
    expect(scene.wrote().slice(1)).toEqual(["DATA 1 3", "DATA 1 2", "DATA 1 1", "DATA 1 1 end"]);
    scene.feed(windowUpdate(1, 100));
    expect(scene.said()).toEqual([]);
  });

  /** How many updates are taken, each of so many bytes of a long body. */
  const updates = (size: number): number => {
    const scene = serverScene({ maxIdleControlFrames: 100 }, [Setting.window, 0]);
    scene.feed(get(1), windowUpdate(0, 1_000_000));
    const stream = scene.stream(1);
    scene.respond(1, false);
    scene.notes.react = (what) => {
      if (what === "writable") scene.data(stream, "a".repeat(5000), false);
    };
    scene.data(stream, "a".repeat(5000), false);
    let taken = 0;
    while (taken < 1000 && !scene.said().includes("error ENHANCE_YOUR_CALM")) {
      scene.feed(windowUpdate(1, size));
      taken++;
    }
    return taken;
  };

  test("opened byte by byte, for ever: a flood, though each byte goes out", () => {
    expect(updates(1)).toBe(100);
    expect(updates(255)).toBe(100);
    expect(updates(256)).toBe(1000);
  });

  test("of the connection: those that wait have their turns", () => {
    const scene = serverScene({}, [Setting.window, 1_000_000]).feed(get(1), get(3), get(5));
    const text = "a".repeat(65_535);
    expect(scene.data(scene.stream(1), `${text}bc`, false)).toBe(65_535);
    expect(scene.data(scene.stream(3), "def", false)).toBe(0);
    expect(scene.data(scene.stream(5), "gh", false)).toBe(0);
    scene.said();
    scene.output.take();
    const turns: number[] = [];
    scene.notes.react = (what, stream) => {
      if (what !== "writable") return;
      turns.push(stream.id);
      scene.data(stream, "xyz", false);
    };
    for (let i = 0; i < 6; i++) scene.feed(windowUpdate(0, 2));
    // No stream is overtaken.
    expect(turns).toEqual([1, 3, 5, 1, 3, 5]);
    expect(scene.wrote()).toEqual([1, 3, 5, 1, 3, 5].map((id) => `DATA ${id} 2`));
  });

  test("a stream whose own window is closed loses no turn to one whose window is open", () => {
    const scene = serverScene({}, [Setting.window, 70_000]).feed(get(1), get(3));
    scene.data(scene.stream(1), "a".repeat(65_535), false);
    scene.feed(windowUpdate(0, 4465));
    scene.data(scene.stream(1), "a".repeat(5000), false);
    expect(scene.data(scene.stream(3), "b", false)).toBe(0);
    scene.said();
    scene.feed(windowUpdate(0, 10));
    expect(scene.said()).toEqual(["writable 3"]);
    scene.feed(windowUpdate(1, 10));
    expect(scene.said()).toEqual(["writable 1"]);
  });

  test("an empty end needs none", () => {
    const scene = serverScene({}, [Setting.window, 0]).feed(get(1));
    scene.respond(1, false);
    expect(scene.data(scene.stream(1), "", true)).toBe(0);
    expect(scene.wrote()).toEqual(["HEADERS 1 :status=200", "DATA 1 0 end"]);
  });

  test("a head and trailers need none", () => {
    const scene = serverScene({}, [Setting.window, 0]).feed(get(1));
    scene.respond(1, false);
    scene.head(scene.stream(1), [["x-t", "1"]], true);
    expect(scene.wrote()).toEqual(["HEADERS 1 :status=200", "HEADERS 1 end x-t=1"]);
  });
});

describe("SETTINGS_INITIAL_WINDOW_SIZE", () => {
  test("changes the windows of streams that are there", () => {
    const scene = serverScene({}, [Setting.window, 3]).feed(get(1));
    const stream = scene.stream(1);
    expect(scene.data(stream, "abcdef", false)).toBe(3);
    scene.said();
    scene.feed(settings([Setting.window, 5]));
    expect(scene.said()).toEqual(["settings", "writable 1"]);
    expect(scene.data(stream, "def", false)).toBe(2);
  });

  test("can make a window negative, which has to be made good first", () => {
    const scene = serverScene({}, [Setting.window, 10]).feed(get(1));
    const stream = scene.stream(1);
    scene.data(stream, "abcdefgh", false);
    scene.feed(settings([Setting.window, 4]));
    expect(scene.data(stream, "x", false)).toBe(0);
    scene.said();
    // -4, then 0, then 1.
    scene.feed(windowUpdate(1, 4));
    expect(scene.said()).toEqual([]);
    scene.feed(windowUpdate(1, 1));
    expect(scene.said()).toEqual(["writable 1"]);
    expect(scene.data(stream, "xy", false)).toBe(1);
    scene.feed(settings([Setting.window, 5]));
    expect(scene.data(stream, "y", false)).toBe(1);
  });

  test("can take back a turn that a stream was waiting for", () => {
    const scene = serverScene({}, [Setting.window, 100_000]).feed(get(1), get(3));
    scene.data(scene.stream(1), "a".repeat(65_535), false);
    expect(scene.data(scene.stream(3), "b", false)).toBe(0);
    scene.said();
    scene.feed(settings([Setting.window, 0]), windowUpdate(0, 10));
    expect(scene.said()).toEqual(["settings"]);
    scene.feed(settings([Setting.window, 1]));
    expect(scene.said()).toEqual(["settings", "writable 3"]);
  });

  test("isn't the connection's", () => {
    const scene = serverScene({}, [Setting.window, 1_000_000]).feed(get(1));
    expect(scene.data(scene.stream(1), "a".repeat(100_000), false)).toBe(65_535);
  });

  test("applies to new streams", () => {
    const scene = clientScene({}, [Setting.window, 7]);
    expect(scene.data(scene.ask("POST", false), "0123456789", false)).toBe(7);
  });

  test("of streams that are there when it comes late", () => {
    const scene = clientScene();
    const stream = scene.ask("POST", false);
    scene.data(stream, "0123456789", false);
    scene.feed(settings([Setting.window, 0]));
    expect(scene.data(stream, "x", false)).toBe(0);
    scene.feed(windowUpdate(1, 10));
    expect(scene.data(stream, "x", false)).toBe(0);
    scene.feed(windowUpdate(1, 1));
    expect(scene.data(stream, "x", false)).toBe(1);
  });

  test.each([
    ["2^31 - 1 is the most", LARGEST, "settings"],
    ["2^31 is too much", 2 ** 31, "error FLOW_CONTROL_ERROR"],
    ["2^32 - 1 is too much", 2 ** 32 - 1, "error FLOW_CONTROL_ERROR"],
  ])("%s", (_, value, expected) => {
    expect(
      serverScene()
        .feed(settings([Setting.window, value]))
        .said(),
    ).toEqual([expected]);
  });

  test("must not take a window above 2^31 - 1", () => {
    const scene = serverScene().feed(get(1), windowUpdate(1, 10));
    scene.said();
    scene.feed(settings([Setting.window, LARGEST - 10]));
    expect(scene.said()).toEqual(["settings"]);
    scene.feed(settings([Setting.window, LARGEST - 9]));
    expect(scene.said()).toEqual(["reset 1 FLOW_CONTROL_ERROR", "error FLOW_CONTROL_ERROR"]);
  });
});

describe("WINDOW_UPDATE", () => {
  test("up to 2^31 - 1, and not beyond", () => {
    const scene = serverScene().feed(get(1), windowUpdate(0, LARGEST - 65_535));
    scene.feed(windowUpdate(1, LARGEST - 65_535));
    expect(scene.said()).toHaveLength(1);
    scene.feed(windowUpdate(1, 1));
    expect(scene.both()).toEqual({
      said: ["reset 1 FLOW_CONTROL_ERROR"],
      wrote: ["RST_STREAM 1 FLOW_CONTROL_ERROR"],
    });
    scene.feed(windowUpdate(0, 1));
    expect(scene.both()).toEqual({
      said: ["error FLOW_CONTROL_ERROR"],
      wrote: ["GOAWAY 1 FLOW_CONTROL_ERROR"],
    });
  });

  test("by 0 is an error, of its stream or of the connection", () => {
    const scene = serverScene().feed(get(1), windowUpdate(1, 0));
    expect(scene.said().slice(1)).toEqual(["reset 1 PROTOCOL_ERROR"]);
    scene.feed(windowUpdate(0, 0));
    expect(scene.said()).toEqual(["error PROTOCOL_ERROR"]);
  });

  test("by 0, with the reserved bit set", () => {
    const scene = serverScene().feed(get(1), windowUpdate(1, 2 ** 31));
    expect(scene.said().slice(1)).toEqual(["reset 1 PROTOCOL_ERROR"]);
  });

  test("on a stream that is done is late; by 0 it is an error", () => {
    const scene = serverScene().feed(get(1));
    scene.respond(1);
    scene.output.take();
    scene.feed(windowUpdate(1, 10), windowUpdate(1, LARGEST));
    expect(scene.wrote()).toEqual([]);
    scene.feed(windowUpdate(1, 0));
    expect(scene.wrote()).toEqual(["RST_STREAM 1 PROTOCOL_ERROR"]);
  });

  test("on a stream that waits for the connection's window wakes nobody", () => {
    const scene = clientScene({}, [Setting.window, 70_000]);
    const stream = scene.ask("POST", false);
    scene.data(stream, "a".repeat(70_000), false);
    scene.feed(windowUpdate(1, 10));
    expect(scene.said()).toEqual([]);
    scene.feed(windowUpdate(0, 10));
    expect(scene.said()).toEqual(["writable 1"]);
  });
});

describe("a stream that waits for windows and", () => {
  function waiting(): Scene {
    const scene = serverScene({}, [Setting.window, 5]).feed(post(1), post(3));
    scene.data(scene.stream(1), "abcdefgh", false);
    scene.data(scene.stream(3), "abcdefgh", false);
    scene.said();
    return scene;
  }

  test("is reset by the client wakes no more", () => {
    const scene = waiting().feed(rst(1), settings([Setting.window, 100]));
    expect(scene.said()).toEqual(["reset 1 CANCEL by peer", "settings", "writable 3"]);
  });

  test("is reset by us wakes no more", () => {
    const scene = waiting();
    scene.session.reset(scene.stream(3), ErrorCode.cancel);
    scene.feed(settings([Setting.window, 100]));
    expect(scene.said()).toEqual(["settings", "writable 1"]);
  });

  test("is reset when another one wakes", () => {
    const scene = waiting();
    scene.notes.react = (what, stream) => {
      if (what !== "writable") return;
      // It wants to wait once more, and must not be lost for the other one's reset.
      expect(scene.data(stream, "i".repeat(200), false)).toBe(95);
      scene.session.reset(scene.stream(3), ErrorCode.cancel);
    };
    scene.feed(settings([Setting.window, 100]));
    expect(scene.said()).toEqual(["settings", "writable 1"]);
    scene.notes.react = () => {};
    scene.feed(windowUpdate(1, 1));
    expect(scene.said()).toEqual(["writable 1"]);
  });

  test("aborts the session when it wakes is the last one", () => {
    const scene = waiting();
    scene.notes.react = (what) => {
      if (what === "writable") scene.session.abort(ErrorCode.noError, "");
    };
    scene.feed(settings([Setting.window, 100]), get(5));
    expect(scene.said()).toEqual([
      "settings",
      "writable 1",
      "reset 1 NO_ERROR",
      "reset 3 NO_ERROR",
    ]);
  });

  test("is reset is forgotten, though the connection's window never opens", async () => {
    const scene = serverScene({}, [Setting.window, 100_000]).feed(post(1));
    scene.data(scene.stream(1), "a".repeat(65_535), false);
    const owners: WeakRef<object>[] = [];
    for (let id = 3; id < 1003; id += 4) {
      scene.feed(post(id));
      const owner = { large: new Uint8Array(1000) };
      owners.push(new WeakRef(owner));
      const stream = scene.stream(id) as unknown as { owner: object | null };
      stream.owner = owner;
      expect(scene.data(scene.stream(id), "b", false)).toBe(0);
      // An answered one in between, so that no budget ends it.
      scene.feed(rst(id), get(id + 2));
      scene.respond(id + 2);
      scene.output.take();
    }
    expect(scene.said().some((words) => words.startsWith("error"))).toBe(false);
    scene.notes.streams.clear();
    for (let i = 0; i < 10; i++) {
      await Bun.sleep(0);
      Bun.gc(true);
    }
    expect(scene.session.streamCount).toBe(1);
    // The collector is conservative: a few may seem to be in use.
    expect(owners.filter((owner) => owner.deref() !== undefined).length).toBeLessThan(25);
  });
});
