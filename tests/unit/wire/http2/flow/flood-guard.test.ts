import { describe, expect, test } from "bun:test";
import { FloodGuard } from "../../../../../src/wire/http2/flow/flood-guard.ts";

/** How often in a row it says yes, up to a thousand times. */
function count(ask: () => boolean): number {
  let times = 0;
  while (times < 1000 && ask()) times++;
  return times;
}

describe("frames that move nothing forward", () => {
  test("may come as often as the limit says, and not once more", () => {
    const guard = new FloodGuard(10, 0);
    expect(count(() => guard.control())).toBe(10);
  });

  test("none where the limit is 0", () => {
    expect(new FloodGuard(0, 0).control()).toBe(false);
  });

  test("may come again behind useful work: eight for each piece", () => {
    const guard = new FloodGuard(20, 0);
    for (let i = 0; i < 20; i++) expect(guard.control()).toBe(true);
    guard.worked();
    expect(count(() => guard.control())).toBe(8);
  });

  test("may come for ever between useful work", () => {
    const guard = new FloodGuard(10, 0);
    for (let i = 0; i < 1000; i++) {
      for (let j = 0; j < 8; j++) expect(guard.control()).toBe(true);
      guard.worked();
    }
  });

  test("nobody saves up", () => {
    const guard = new FloodGuard(10, 0);
    for (let i = 0; i < 1000; i++) guard.worked();
    guard.control();
    guard.worked();
    expect(count(() => guard.control())).toBe(10);
  });
});

describe("with time", () => {
  test("keepalive PINGs of a quiet peer have no end", () => {
    const guard = new FloodGuard(1000, 0);
    for (let second = 0; second < 36_000; second += 10) {
      guard.at(second * 1000);
      expect(guard.control()).toBe(true);
    }
  });

  test("streams that a client gives up may be as many again each second", () => {
    const guard = new FloodGuard(0, 500);
    for (let time = 1; time < 100_000; time += 1000) {
      guard.at(time);
      for (let i = 0; i < 250; i++) expect(guard.reset()).toBe(true);
    }
  });

  test("a rapid reset has its end all the same", () => {
    const guard = new FloodGuard(0, 500);
    let resets = 0;
    for (let time = 1; resets < 10_000; time += 1, resets++) {
      guard.at(time);
      if (!guard.reset()) break;
    }
    expect(resets).toBeLessThan(700);
  });
});

describe("header lists much larger than their blocks", () => {
  test("count as a frame for each 16 KiB, and one more", () => {
    const guard = new FloodGuard(10, 0);
    guard.countExpansion(64 * 1024);
    guard.countExpansion(64 * 1024);
    expect(() => guard.countExpansion(0)).toThrow();
  });

  test("come for ever between useful work where they are no more than a large table allows", () => {
    const guard = new FloodGuard(10, 0);
    for (let i = 0; i < 1000; i++) {
      guard.countExpansion(80 * 1024);
      guard.worked();
    }
  });
});

describe("header lists above the limit", () => {
  const MEGABYTE = 1024 * 1024;
  const refuse = (guard: FloodGuard) => () => {
    guard.countRefused(MEGABYTE);
    return true;
  };

  test("may come to 16 times the limit, and not a byte more, whatever useful work there is between", () => {
    const guard = new FloodGuard(1000, 1000, MEGABYTE);
    for (let i = 0; i < 16; i++) {
      refuse(guard)();
      guard.worked();
      guard.finished();
    }
    expect(() => guard.countRefused(1)).toThrow("above the limit");
  });

  test("may come to 4 MiB where the limit is small", () => {
    const guard = new FloodGuard(1000, 1000, 4096);
    for (let i = 0; i < 4; i++) refuse(guard)();
    expect(() => guard.countRefused(1)).toThrow("above the limit");
  });

  test("may come for ever where it is one a second", () => {
    const guard = new FloodGuard(1000, 1000, MEGABYTE);
    for (let second = 1; second < 1000; second++) {
      guard.at(second * 1000);
      refuse(guard)();
    }
  });
});

describe("what is late for streams that we have reset", () => {
  test("is what their windows allowed, whatever pieces it comes in", () => {
    const guard = new FloodGuard(0, 0);
    expect(guard.lateData(1)).toBe(false);
    guard.cancelled(100);
    guard.cancelled(50);
    expect(guard.lateData(120)).toBe(true);
    expect(guard.lateData(31)).toBe(false);
    for (let i = 0; i < 30; i++) expect(guard.lateData(1)).toBe(true);
    expect(guard.lateData(1)).toBe(false);
  });

  test("is no empty DATA, which no window limits", () => {
    const guard = new FloodGuard(0, 0);
    guard.cancelled(100);
    expect(guard.lateData(0)).toBe(false);
  });

  test("is a head and trailers of each", () => {
    const guard = new FloodGuard(0, 0);
    for (let i = 0; i < 10; i++) guard.cancelled(0);
    for (let i = 0; i < 20; i++) guard.countLateHead();
    expect(() => guard.countLateHead()).toThrow();
  });

  test("has an end, however many they are", () => {
    const guard = new FloodGuard(0, 0);
    for (let i = 0; i < 1_000_000; i++) guard.cancelled(2 ** 31 - 1);
    for (let i = 0; i < 2048; i++) guard.countLateHead();
    expect(() => guard.countLateHead()).toThrow();
    expect(guard.lateData(2 ** 31 - 1)).toBe(true);
    expect(guard.lateData(1)).toBe(false);
  });
});

describe("resets", () => {
  test("may come as often as the limit says, and not once more", () => {
    const guard = new FloodGuard(0, 10);
    expect(count(() => guard.reset())).toBe(10);
  });

  test("may come once more for each stream that was answered", () => {
    const guard = new FloodGuard(0, 10);
    for (let i = 0; i < 10; i++) guard.reset();
    for (let i = 0; i < 3; i++) guard.finished();
    expect(count(() => guard.reset())).toBe(3);
  });

  test("nobody saves up", () => {
    const guard = new FloodGuard(0, 10);
    for (let i = 0; i < 1000; i++) guard.finished();
    expect(count(() => guard.reset())).toBe(10);
  });

  test("useful work doesn't make up for them, nor answers for the other frames", () => {
    const guard = new FloodGuard(3, 3);
    expect(count(() => guard.reset())).toBe(3);
    expect(count(() => guard.control())).toBe(3);
    guard.worked();
    expect(guard.reset()).toBe(false);
    const other = new FloodGuard(3, 3);
    count(() => other.control());
    other.finished();
    expect(other.control()).toBe(false);
  });
});
