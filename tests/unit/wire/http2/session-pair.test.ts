import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Http2Limits } from "../../../../src/wire/http2/message.ts";
import type { Header } from "./hpack/header-list.ts";
import { type Content, type Exchange, Pair } from "./session-pair.ts";

const name = fc
  .array(fc.constantFrom(..."abcxyz-019"), { minLength: 1, maxLength: 8 })
  .map((letters) => `x-${letters.join("")}`);
const value = fc.oneof(
  fc.constantFrom("", "1", "same again", "text/html; charset=utf-8"),
  fc.string({ unit: fc.constantFrom(..."abc019_%;=,\xe9"), maxLength: 40 }),
  fc.nat(40_000).map((length) => "v".repeat(length)),
);
const fields: fc.Arbitrary<Header[]> = fc.array(fc.tuple(name, value), { maxLength: 6 });
const size = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 100) },
  { weight: 2, arbitrary: fc.nat(20_000) },
  { weight: 1, arbitrary: fc.nat(300_000) },
);
const content: fc.Arbitrary<Content> = fc.record({
  fields,
  body: size,
  piece: fc.constantFrom(1000, 16_384, 50_000, 1_000_000),
  trailers: fc.option(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 3 }), { freq: 3 }),
});
const exchange: fc.Arbitrary<Exchange> = fc.record({
  request: content,
  response: content,
  interim: fc.nat(2),
  early: fc.boolean(),
});
const limits = fc.record({
  streamWindow: fc.constantFrom(1, 65_535, 100_000, 500_000),
  connectionWindow: fc.constantFrom(1, 65_535, 80_000, 1_000_000),
  maxFrameSize: fc.constantFrom(16_384, 16_385, 100_000),
  maxConcurrentStreams: fc.constantFrom(1, 2, 3, 250),
  maxDecoderHeaderTableSize: fc.constantFrom(0, 100, 4096, 20_000),
  maxEncoderHeaderTableSize: fc.constantFrom(0, 100, 4096, 20_000),
});

type Role = "client" | "server";
/** As plain data, so that a counterexample can be read. */
type Step =
  | readonly ["ask", Exchange]
  | readonly ["deliver" | "reset", Role, number]
  | readonly ["hold", Role, boolean]
  | readonly ["consume" | "ping", Role]
  | readonly ["drain"];

const role = fc.constantFrom<Role>("client", "server");
const chunk = fc.oneof(fc.nat(40), fc.nat(3000), fc.nat(100_000)).map((bytes) => bytes + 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("ask" as const), exchange) },
  { weight: 10, arbitrary: fc.tuple(fc.constant("deliver" as const), role, chunk) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("hold" as const), role, fc.boolean()) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom("consume", "ping"), role) },
);
const reset = fc.tuple(fc.constant("reset" as const), role, fc.nat());

function take(pair: Pair, step: Step): void {
  switch (step[0]) {
    case "ask":
      pair.ask(step[1]);
      break;
    case "deliver":
      pair.deliver(step[1], step[2]);
      break;
    case "reset":
      pair.reset(step[1], step[2]);
      break;
    case "hold":
      pair.hold(step[1], step[2]);
      break;
    case "consume":
      pair.consume(step[1]);
      break;
    case "ping":
      pair.ping(step[1]);
      break;
    case "drain":
      pair.drain();
      break;
  }
}

type Limits = Partial<Http2Limits>;

function play(first: Limits, second: Limits, steps: readonly Step[], rest: number): Pair {
  const pair = new Pair(first, second);
  for (const each of steps) take(pair, each);
  pair.finish(rest);
  return pair;
}

describe("two sessions, whatever the pieces, the windows and the frames", () => {
  test("what is delivered is what was sent, and nobody waits for ever", () => {
    let complete = 0;
    fc.assert(
      fc.property(
        limits,
        limits,
        fc.array(step, { minLength: 1, maxLength: 40 }),
        chunk.map((bytes) => bytes + 100),
        (first, second, steps, rest) => {
          complete += play(first, second, steps, rest).client.halves.size;
        },
      ),
      { numRuns: 150 },
    );
    expect(complete).toBeGreaterThan(100);
  }, 60_000);

  test("resets at any time take nothing from the others", () => {
    let cut = 0;
    let whole = 0;
    const steps = fc.array(
      fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: reset }),
      { minLength: 10, maxLength: 60 },
    );
    fc.assert(
      fc.property(limits, limits, steps, (first, second, all) => {
        const { client } = play(first, second, all, 5000);
        for (const half of client.halves.values()) {
          if (half.cut) cut++;
          else whole++;
        }
      }),
      { numRuns: 200 },
    );
    expect(cut).toBeGreaterThan(50);
    expect(whole).toBeGreaterThan(50);
  }, 60_000);

  test("a drain ends no exchange", () => {
    fc.assert(
      fc.property(
        limits,
        fc.array(step, { maxLength: 20 }),
        fc.array(step, { maxLength: 20 }),
        (server, before, after) => {
          const pair = play({}, server, [...before, ["drain"], ...after], 3000);
          expect(pair.client.session.openable).toBe(0);
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);
});

test("many large bodies at once, both ways, in small windows", () => {
  const content: Content = { fields: [], body: 200_000, piece: 70_000, trailers: [["x-t", "1"]] };
  const small = { streamWindow: 65_535, connectionWindow: 65_535 };
  const pair = new Pair(small, small);
  for (let i = 0; i < 20; i++) {
    pair.ask({ request: content, response: content, interim: 0, early: i % 2 === 0 });
  }
  pair.finish(1_000_000);
  expect(pair.client.halves.size).toBe(20);
});
