import { expect, test } from "bun:test";
import { concatBytes, latin1Bytes } from "../../../../src/core/bytes.ts";
import { ErrorCode, HEAD_WORK } from "../../../../src/wire/http2/message.ts";
import { block } from "../../../support/http/raw-http2.ts";
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
  settings,
  status,
  windowUpdate,
} from "./session-scene.ts";

const ACK = frame(FrameType.settings, Flag.ack, 0);
const padded = (id: number, flags: number) =>
  frame(FrameType.data, flags | Flag.padded, id, latin1Bytes("\x05body\0\0\0\0\0"));
const whole = block([
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "app.test"],
  [":path", "/in/pieces"],
]);
const inPieces = (id: number) =>
  concatBytes([
    frame(FrameType.headers, Flag.endStream, id, whole.subarray(0, 11)),
    frame(FrameType.continuation, 0, id, whole.subarray(11, 30)),
    frame(FrameType.continuation, Flag.endHeaders, id, whole.subarray(30)),
  ]);

/** What a client sends: each a connection's whole life. */
const TO_SERVER: Record<string, Uint8Array[]> = {
  "a request": [settings(), ACK, get(1)],
  "bodies that take turns": [
    settings([Setting.window, 20], [Setting.frame, 20_000]),
    post(1, ["content-length", "6"]),
    post(3),
    data(1, "abc"),
    data(3, "xyz"),
    lastData(1, "def"),
    headers(3, [["x-t", "1"]]),
    windowUpdate(1, 5),
  ],
  "padding and blocks in pieces": [settings(), post(1), padded(1, 0), padded(1, 1), inPieces(3)],
  "every other frame": [
    settings([Setting.table, 0], [0x99, 1]),
    ACK,
    ping(),
    ping(Flag.ack),
    windowUpdate(0, 1),
    priority(7, 0),
    frame(0xbe, 3, 9, latin1Bytes("whatever")),
    post(9),
    rst(9),
    goAway(0),
  ],
  "errors of streams": [
    settings(),
    headers(1, [[":method", "GET"]]),
    post(3, ["content-length", "2"]),
    lastData(3, "a"),
    get(5),
    data(5, "abc"),
    lastData(5, ""),
    priority(7, 7),
    get(9),
  ],
  "an error of the connection": [
    settings(),
    get(1),
    post(3),
    data(3, "abc"),
    data(9, "x"),
    get(11),
  ],
  "a block that can't be read": [
    settings(),
    post(1),
    frame(FrameType.headers, 5, 3, Uint8Array.of(0xff, 0xff)),
    get(5),
  ],
};

/** What a server sends to a client that has asked three times. */
const TO_CLIENT: Record<string, Uint8Array[]> = {
  responses: [
    settings([Setting.streams, 100]),
    ACK,
    status(1, 200, false, ["content-length", "3"]),
    status(3, 103, false),
    data(1, "ab"),
    status(3, 204, true),
    lastData(1, "c"),
    status(5, 200, false),
    padded(5, 0),
    headers(5, [["grpc-status", "0"]]),
  ],
  "resets, errors and GOAWAY": [
    settings(),
    rst(1, ErrorCode.refusedStream),
    status(3, 101, false),
    ping(),
    goAway(3),
    status(5, 200, true),
  ],
  "an error of the connection": [settings(), status(1, 200, false), status(2, 200, true), ping()],
};

/** Answers what is complete with some bytes, and notes what is writable. */
function live(role: "server" | "client", chunks: Uint8Array[], most?: number) {
  const scene = new Scene(role);
  scene.session.start();
  if (role === "client") for (let i = 0; i < 3; i++) scene.ask();
  scene.notes.react = (what, stream) => {
    if (role === "client" || stream.sendClosed || !stream.receiveClosed) return;
    if (what === "head" || what === "end") {
      scene.respond(stream.id, false);
      scene.data(stream, "a".repeat(24), true);
    }
  };
  let stops = 0;
  for (const chunk of chunks) {
    let at = 0;
    for (;;) {
      at = scene.session.receive(chunk, at, chunk.length, most);
      if (at === chunk.length) break;
      stops++;
    }
  }
  const bytes = scene.output.take();
  const preface = role === "client" ? PREFACE.length : 0;
  scene.output.write(bytes, preface);
  const { streamCount, inHead } = scene.session;
  return { life: { ...scene.both(), streams: streamCount, inHead }, stops };
}

const LIVES: [string, "server" | "client", Uint8Array][] = [
  ...Object.entries(TO_SERVER).map(
    ([name, frames]) =>
      [`to a server: ${name}`, "server", concatBytes([PREFACE, ...frames])] as [
        string,
        "server",
        Uint8Array,
      ],
  ),
  ...Object.entries(TO_CLIENT).map(
    ([name, frames]) =>
      [`to a client: ${name}`, "client", concatBytes(frames)] as [string, "client", Uint8Array],
  ),
];

for (const [name, role, wire] of LIVES) {
  test(`${name}: it is the same in one piece, in two cut anywhere, and in single bytes`, () => {
    const expected = live(role, [wire]).life;
    expect(expected.said.length).toBeGreaterThan(1);
    expect(
      live(
        role,
        Array.from(wire, (byte) => Uint8Array.of(byte)),
      ).life,
    ).toEqual(expected);
    for (let cut = 1; cut < wire.length; cut++) {
      expect(live(role, [wire.subarray(0, cut), wire.subarray(cut)]).life).toEqual(expected);
    }
    for (let size = 2; size <= 40; size++) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < wire.length; at += size) chunks.push(wire.subarray(at, at + size));
      expect(live(role, chunks).life).toEqual(expected);
    }
  });

  test(`${name}: it is the same where reading stops behind so much work`, () => {
    const expected = live(role, [wire]).life;
    for (let most = 1; most < 20; most++) expect(live(role, [wire], most).life).toEqual(expected);
    expect(live(role, [wire], 1).stops).toBeGreaterThan(1);
  });
}

test("a header block is as much work as several frames, DATA is none", () => {
  const stops = (frames: Uint8Array[], most: number) =>
    live("server", [concatBytes([PREFACE, settings(), ...frames])], most).stops;
  const pings = Array.from({ length: 40 }, ping);
  expect(stops(pings, 10)).toBe(4);
  expect(stops([get(1), get(3), get(5), get(7)], 2 * HEAD_WORK + 1)).toBe(1);
  expect(stops([post(1), ...Array.from({ length: 40 }, () => data(1, "a"))], 10)).toBe(0);
});
