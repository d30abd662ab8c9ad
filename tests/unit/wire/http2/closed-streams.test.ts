import { expect, test } from "bun:test";
import { Closed, ClosedStreams } from "../../../../src/wire/http2/closed-streams.ts";

test("what was never closed is unknown", () => {
  const streams = new ClosedStreams();
  streams.add(3, Closed.reset);
  expect(streams.find(1)).toBe(Closed.unknown);
});

test("how a stream was closed is remembered", () => {
  const streams = new ClosedStreams();
  streams.add(1, Closed.known);
  streams.add(2 ** 31 - 1, Closed.reset);
  expect(streams.find(1)).toBe(Closed.known);
  expect(streams.find(2 ** 31 - 1)).toBe(Closed.reset);
});

test("the last 256 are remembered, older ones are not", () => {
  const streams = new ClosedStreams();
  for (let id = 1; id <= 1000; id++) {
    streams.add(id, id % 2 === 0 ? Closed.known : Closed.reset);
    for (const back of [0, 1, 255]) {
      if (id - back < 1) continue;
      expect(streams.find(id - back)).toBe((id - back) % 2 === 0 ? Closed.known : Closed.reset);
    }
    if (id > 256) expect(streams.find(id - 256)).toBe(Closed.unknown);
  }
});
