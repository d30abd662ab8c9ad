import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, latin1Bytes } from "../../src/core/bytes.ts";
import { ErrorCode } from "../../src/wire/http2/message.ts";
import { block, frame } from "../support/http/raw-http2.ts";
import {
  data,
  Flag,
  FrameType,
  get,
  goAway,
  headers,
  lastData,
  PREFACE,
  ping,
  post,
  priority,
  rst,
  Setting,
  settings,
  status,
  uint32,
  windowUpdate,
} from "../unit/wire/http2/session-scene.ts";
import { Driver, type Role } from "./http2-driver.ts";

/** Offsets to split at, as fractions. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
const moods = fc.array(fc.nat(1000), { maxLength: 12 });
const role = fc.constantFrom<Role>("server", "client");

function feed(driver: Driver, wire: Uint8Array, fractions: readonly number[]): string[] {
  const offsets = fractions.map((fraction) => Math.floor(fraction * wire.length));
  const words: string[] = [];
  let at = 0;
  for (const offset of [...offsets.sort((a, b) => a - b), wire.length]) {
    words.push(...driver.receive(wire.subarray(at, offset)));
    at = offset;
  }
  return words;
}

const id = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 3, 5, 7, 9) },
  { weight: 2, arbitrary: fc.nat(60) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1) },
);
const small = fc.oneof(fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 32 - 1), fc.nat(100_000));
const header = fc.tuple(
  fc.constantFrom(
    ...[":method", ":scheme", ":path", ":authority", ":status", ":protocol", "host", "te"],
    ...["content-length", "connection", "x-a", "X-B", "cookie", ""],
  ),
  fc.constantFrom(
    "",
    "GET",
    "CONNECT",
    "http",
    "/",
    "*",
    "app.test",
    "200",
    "103",
    "3",
    "trailers",
    "a\n",
  ),
);
const extra = fc.array(header, { maxLength: 3 });
const flags = fc.nat(255);

/** Frames as a peer may send them, right and wrong. */
const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(id, extra).map(([stream, more]) => get(stream, ...more)) },
  { weight: 6, arbitrary: fc.tuple(id, extra).map(([stream, more]) => post(stream, ...more)) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(id, fc.constantFrom(200, 204, 103, 100, 101), fc.boolean(), extra)
      .map(([stream, code, end, more]) => status(stream, code, end, ...more)),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(id, fc.array(header, { maxLength: 8 }), fc.constantFrom(0, 1, 4, 5))
      .map(([stream, fields, bits]) => headers(stream, fields, bits)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(id, fc.nat(6), fc.boolean())
      .map(([stream, size, end]) => (end ? lastData : data)(stream, "a".repeat(size ** 5))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(id, fc.uint8Array({ maxLength: 20 }))
      .map(([stream, payload]) => frame(FrameType.data, Flag.padded, stream, payload)),
  },
  { weight: 2, arbitrary: fc.tuple(id, small).map(([stream, code]) => rst(stream, code)) },
  { weight: 3, arbitrary: fc.tuple(id, small).map(([stream, by]) => windowUpdate(stream, by)) },
  { weight: 1, arbitrary: small.map((by) => windowUpdate(0, by)) },
  { weight: 1, arbitrary: fc.tuple(id, id).map(([stream, other]) => priority(stream, other)) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.tuple(fc.nat(9), small), { maxLength: 3 })
      .map((pairs) => settings(...pairs)),
  },
  { weight: 1, arbitrary: fc.constant(frame(FrameType.settings, Flag.ack, 0)) },
  { weight: 1, arbitrary: fc.nat(1).map((ack) => ping(ack)) },
  { weight: 1, arbitrary: fc.tuple(id, small).map(([last, code]) => goAway(last, code)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(12), flags, id, fc.uint8Array({ maxLength: 30 }))
      .map(([type, bits, stream, payload]) => frame(type, bits, stream, payload)),
  },
);

/** A step of a peer that mostly knows what it does: on a new stream, or on one of the last. */
const likely = fc.record({
  kind: fc.constantFrom(
    "get",
    "post",
    "data",
    "last",
    "padded",
    "trailers",
    "interim",
    "rst",
    "open",
  ),
  back: fc.nat(3),
  size: fc.nat(3000),
});
type Likely = typeof likely extends fc.Arbitrary<infer T> ? T : never;
const traffic = fc.array(
  fc.oneof({ weight: 30, arbitrary: likely }, { weight: 1, arbitrary: anyFrame }),
  { maxLength: 40, size: "max" },
);

function framesFrom(side: Role, list: readonly (Likely | Uint8Array)[]): Uint8Array {
  let next = 1;
  return concatBytes(
    list.map((each) => {
      if (each instanceof Uint8Array) return each;
      const { back, size } = each;
      const kind = side === "server" && next === 1 ? "post" : each.kind;
      const recent = side === "client" ? 2 * back + 1 : Math.max(1, next - 2 - 2 * back);
      switch (kind) {
        case "get":
        case "post": {
          if (side === "client") return status(recent, 200, kind === "get");
          next += 2;
          return (kind === "get" ? get : post)(next - 2);
        }
        case "data":
        case "last":
          return (kind === "data" ? data : lastData)(recent, "a".repeat(size));
        case "padded":
          return frame(FrameType.data, Flag.padded, recent, new Uint8Array(size + 1));
        case "trailers":
          return headers(recent, [["x-t", String(size)]]);
        case "interim":
          return side === "client" ? status(recent, 103, false) : ping();
        case "rst":
          return rst(recent);
        default:
          return windowUpdate(size % 2 === 0 ? 0 : recent, size + 1);
      }
    }),
  );
}

describe("anything at all ends in a GOAWAY, or is read", () => {
  test("random bytes", () => {
    let over = 0;
    fc.assert(
      fc.property(role, fc.uint8Array({ maxLength: 200 }), cuts, moods, (side, wire, at, how) => {
        const driver = new Driver(side, how);
        feed(driver, wire, at);
        if (driver.over) over++;
      }),
      { numRuns: 1000 },
    );
    expect(over).toBeGreaterThan(500);
  });

  test("random bytes behind a preface", () => {
    fc.assert(
      fc.property(role, fc.uint8Array({ maxLength: 300 }), cuts, moods, (side, wire, at, how) => {
        const driver = new Driver(side, how);
        driver.receive(concatBytes([side === "server" ? PREFACE : NO_BYTES, settings()]));
        feed(driver, wire, at);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["frames in any order", fc.array(anyFrame, { maxLength: 30, size: "max" }), 50],
    ["frames that mostly make sense", traffic, 3000],
  ] as const)(
    "%s: where the connection lives, it answers",
    (_, list, fewest) => {
      let over = 0;
      let alive = 0;
      let heads = 0;
      fc.assert(
        fc.property(role, list, cuts, moods, (side, frames, at, how) => {
          const driver = new Driver(side, how);
          driver.receive(concatBytes([side === "server" ? PREFACE : NO_BYTES, settings()]));
          feed(driver, framesFrom(side, frames), at);
          heads += driver.heads;
          if (driver.over) over++;
          else if (!driver.session.inHead) {
            alive++;
            const answers = driver.receive(ping()).filter((words) => words.startsWith("PING"));
            expect(answers).toEqual(driver.over ? [] : ["PING ack 0102030405060708"]);
          }
        }),
        { numRuns: 3000 },
      );
      expect(over).toBeGreaterThan(300);
      expect(alive).toBeGreaterThan(100);
      expect(heads).toBeGreaterThan(fewest);
    },
    60_000,
  );

  test("damaged traffic", () => {
    const trailers = headers(3, [["x-t", "1"]]);
    const large = block([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      ["x-a", "v".repeat(300)],
    ]);
    const toServer = concatBytes([
      PREFACE,
      settings([Setting.window, 100], [Setting.frame, 20_000]),
      get(1),
      post(3, ["content-length", "6"]),
      data(3, "abc"),
      windowUpdate(0, 1000),
      windowUpdate(1, 1000),
      frame(FrameType.data, Flag.padded, 3, latin1Bytes("\x02def\0\0")),
      trailers,
      frame(FrameType.headers, Flag.endStream, 5, large.subarray(0, 100)),
      frame(FrameType.continuation, Flag.endHeaders, 5, large.subarray(100)),
      ping(),
      frame(FrameType.settings, Flag.ack, 0),
      priority(7, 5),
      post(7),
      rst(7),
      goAway(0),
      get(9),
    ]);
    const toClient = concatBytes([
      settings([Setting.streams, 10]),
      status(1, 103, false),
      status(1, 200, false, ["content-length", "3"]),
      data(1, "abc"),
      lastData(1, ""),
      status(3, 200, false),
      data(3, "abcdef"),
      trailers,
      frame(FrameType.ping, Flag.ack, 0, new Uint8Array(8)),
      rst(5, ErrorCode.refusedStream),
      frame(FrameType.goAway, 0, 0, uint32(7, 0)),
      status(7, 204, true),
    ]);
    let over = 0;
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
    const lost = fc.option(fc.tuple(fc.nat(), fc.nat(40)), { freq: 2 });
    fc.assert(
      fc.property(role, damage, lost, cuts, moods, (side, spots, hole, at, how) => {
        let wire: Uint8Array = (side === "server" ? toServer : toClient).slice();
        for (const [place, octet] of spots) wire[place % wire.length] = octet;
        if (hole !== null) {
          const from = hole[0] % wire.length;
          wire = concatBytes([wire.subarray(0, from), wire.subarray(from + hole[1])]);
        }
        const driver = new Driver(side, how);
        feed(driver, wire, at);
        if (driver.over) over++;
      }),
      { numRuns: 4000 },
    );
    expect(over).toBeGreaterThan(1000);
    expect(over).toBeLessThan(3900);
  }, 60_000);

  test("the same frames for ever: a budget ends it, or it is useful work", () => {
    fc.assert(
      fc.property(
        role,
        fc.array(anyFrame, { minLength: 1, maxLength: 3 }),
        moods,
        (side, list, how) => {
          const driver = new Driver(side, how);
          driver.receive(concatBytes([side === "server" ? PREFACE : NO_BYTES, settings()]));
          const wire = concatBytes(list);
          const before = driver.heads;
          for (let i = 0; i < 400 && !driver.over; i++) driver.receive(wire);
          // DATA on a stream that is open is work; heads on streams of old are none.
          if (!driver.over) expect(list.some((each) => each[3] === FrameType.data)).toBe(true);
          expect(driver.heads - before).toBeLessThanOrEqual(400 * list.length);
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);
});

const NO_BYTES = new Uint8Array(0);
