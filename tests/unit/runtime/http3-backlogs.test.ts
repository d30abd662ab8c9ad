import { expect, test } from "bun:test";
import { type Backlogged, Http3Backlogs } from "../../../runtime/bun/http3/http3-backlogs.ts";

const MIB = 1024 * 1024;

/** Streams that wait, by their backlogs in MiB; which of them have overflowed. */
function scene(...sizes: number[]) {
  const backlogs = new Http3Backlogs();
  const overflowed: number[] = [];
  const streams: Backlogged[] = sizes.map((size) => ({
    backlog: size * MIB,
    overflow: () => void overflowed.push(size),
  }));
  for (const stream of streams) backlogs.add(stream);
  return { backlogs, streams, overflowed };
}

test("up to 64 MiB of a stream wait, and up to 256 MiB of all", () => {
  const { backlogs, overflowed, streams } = scene(64, 64, 64, 64);
  backlogs.look();
  expect(overflowed).toEqual([]);
  for (const stream of streams) backlogs.remove(stream);
});

test("a stream beyond its limit overflows alone, once", () => {
  const { backlogs, overflowed, streams } = scene(10, 65, 20);
  backlogs.look();
  backlogs.look();
  expect(overflowed).toEqual([65]);
  for (const stream of streams) backlogs.remove(stream);
});

test("beyond the limit of all together the largest overflow until the rest fits", () => {
  const { backlogs, overflowed, streams } = scene(60, 30, 50, 64, 40, 10, 20, 55);
  backlogs.look();
  expect(overflowed).toEqual([64, 60]);
  for (const stream of streams) backlogs.remove(stream);
});

test("a stream that is over counts no more", () => {
  const { backlogs, overflowed, streams } = scene(100);
  backlogs.remove(streams[0]);
  backlogs.look();
  expect(overflowed).toEqual([]);
});

test("it looks by itself while there are any", async () => {
  const { overflowed } = scene(100);
  for (let i = 0; i < 500 && overflowed.length === 0; i++) await Bun.sleep(10);
  expect(overflowed).toEqual([100]);
});
