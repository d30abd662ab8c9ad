import { concatBytes } from "../../src/core/bytes.ts";
import {
  block,
  Flag,
  FrameType,
  frame,
  settings,
  uint32,
} from "../../tests/support/http/raw-http2.ts";
import { CASES, HOST } from "../scenario/scenario.ts";

/** What an attacker sends on a connection. */
export interface Flood {
  readonly title: string;
  /** SETTINGS behind the preface. */
  readonly settings?: readonly [number, number][];
  /** Before the pieces. */
  readonly first?: Uint8Array;
  /** Sent again and again, as fast as they are taken, until the connection ends. */
  readonly piece?: (i: number) => Uint8Array;
  /** Milliseconds after which the attacker gives up a connection that is only held. */
  readonly held?: number;
}

/** Frames in a piece. */
const PIECE = 200;
const INITIAL_WINDOW_SIZE = 4;
const CANCEL = 8;
const UNKNOWN_TYPE = 0xbe;
const STALLED_STREAMS = 100;

const REQUEST = Flag.endHeaders | Flag.endStream;
const small = block(request("GET", CASES.small.path));
const large = block(request("GET", CASES["1m"].path));
const post = block(request("POST", CASES.small.path));

function request(method: string, path: string): [string, string][] {
  return [
    [":method", method],
    [":scheme", "http"],
    [":authority", HOST],
    [":path", path],
  ];
}

const many = (count: number, one: (i: number) => Uint8Array): Uint8Array =>
  concatBytes(Array.from({ length: count }, (_, i) => one(i)));

const always = (bytes: Uint8Array) => () => bytes;

export const FLOODS = {
  "rapid-reset": {
    title: "rapid reset",
    piece: (i) =>
      many(PIECE / 2, (j) => {
        const stream = i * PIECE + 2 * j + 1;
        return concatBytes([
          frame(FrameType.headers, REQUEST, stream, small),
          frame(FrameType.rstStream, 0, stream, uint32(CANCEL)),
        ]);
      }),
  },
  "provoked-reset": {
    title: "resets that it provokes",
    piece: (i) =>
      many(PIECE / 2, (j) => {
        const stream = i * PIECE + 2 * j + 1;
        return concatBytes([
          frame(FrameType.headers, Flag.endHeaders, stream, post),
          frame(FrameType.windowUpdate, 0, stream, uint32(0)),
        ]);
      }),
  },
  continuation: {
    title: "CONTINUATION without end",
    first: frame(FrameType.headers, Flag.endStream, 1, small),
    piece: always(
      many(PIECE, () => frame(FrameType.continuation, 0, 1, block([["x-more", "value"]]))),
    ),
  },
  settings: { title: "SETTINGS", piece: always(many(PIECE, () => settings([3, 100]))) },
  "long-settings": {
    title: "SETTINGS of 2,700 parameters",
    piece: always(settings(...Array.from({ length: 2700 }, (_, i): [number, number] => [4, i]))),
  },
  ping: {
    title: "PING",
    piece: always(many(PIECE, () => frame(FrameType.ping, 0, 0, new Uint8Array(8)))),
  },
  "empty-data": {
    title: "empty DATA",
    first: frame(FrameType.headers, Flag.endHeaders, 1, post),
    piece: always(many(PIECE, () => frame(FrameType.data, 0, 1))),
  },
  "window-updates": {
    title: "WINDOW_UPDATE of 1",
    piece: always(many(PIECE, () => frame(FrameType.windowUpdate, 0, 0, uint32(1)))),
  },
  priority: {
    title: "PRIORITY",
    piece: always(
      many(PIECE, (j) => frame(FrameType.priority, 0, 2 * j + 1, Uint8Array.of(0, 0, 0, 0, 1))),
    ),
  },
  unknown: {
    title: "unknown frames",
    piece: always(many(PIECE, () => frame(UNKNOWN_TYPE, 0, 0, new Uint8Array(4)))),
  },
  "byte-windows": {
    title: `windows opened byte by byte on ${STALLED_STREAMS} streams`,
    settings: [[INITIAL_WINDOW_SIZE, 0]],
    first: many(STALLED_STREAMS, (i) => frame(FrameType.headers, REQUEST, 2 * i + 1, small)),
    piece: always(
      many(STALLED_STREAMS, (i) => frame(FrameType.windowUpdate, 0, 2 * i + 1, uint32(1))),
    ),
  },
  "zero-window": {
    title: `windows of 0 on ${STALLED_STREAMS} streams`,
    settings: [[INITIAL_WINDOW_SIZE, 0]],
    first: many(STALLED_STREAMS, (i) => frame(FrameType.headers, REQUEST, 2 * i + 1, large)),
    held: 1000,
  },
} as const satisfies Record<string, Flood>;

export type FloodName = keyof typeof FLOODS;
