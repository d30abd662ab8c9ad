import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Deadlines, now } from "../../../src/core/timers.ts";
import { type RelayOptions, relay } from "../../../src/net/relay.ts";
import { counting, FakeConnection } from "./fake-connection.ts";

function setUp(options: RelayOptions = {}) {
  const a = new FakeConnection();
  const b = new FakeConnection();
  const closes: [number, number][] = [];
  const join = () =>
    relay(a, b, { ...options, onClose: (fromA, fromB) => void closes.push([fromA, fromB]) });
  return { a, b, closes, join };
}

function joined(options: RelayOptions = {}) {
  const all = setUp(options);
  all.join();
  return all;
}

describe("relay", () => {
  test("carries bytes both ways and counts them", async () => {
    const { a, b, closes } = joined();
    a.handler.data(counting(10));
    b.handler.data(counting(20));
    a.handler.data(counting(5, 10));
    expect(b.sent).toEqual(counting(15));
    expect(a.sent).toEqual(counting(20));
    a.fail();
    await Promise.resolve();
    expect(b.calls).toEqual(["close"]);
    expect(closes).toEqual([[15, 20]]);
  });

  test("passes on what came early, before anything else", () => {
    const { a, b, join } = setUp({ earlyFromA: counting(3), earlyFromB: counting(4) });
    b.capacities = [1];
    a.pause();
    join();
    expect(a.paused).toBe(false);
    a.handler.data(counting(3, 3));
    b.drain();
    expect(b.sent).toEqual(counting(6));
    expect(a.sent).toEqual(counting(4));
  });

  test("passes FIN on, behind the bytes before it, and closes after both", async () => {
    const { a, b, closes } = joined();
    b.capacities = [1];
    a.handler.data(counting(10));
    a.handler.end();
    expect(b.calls).toEqual([]);
    b.drain();
    expect(b.calls).toEqual(["shutdown"]);
    expect(a.calls).toEqual([]);
    b.handler.data(counting(7));
    expect(a.sent).toEqual(counting(7));
    b.handler.end();
    expect([a.calls, b.calls]).toEqual([["close"], ["shutdown", "close"]]);
    await Promise.resolve();
    expect(closes).toEqual([[10, 7]]);
  });

  test("FIN from both while both are full loses nothing", () => {
    const { a, b } = joined();
    a.capacities = [2];
    b.capacities = [1];
    a.handler.data(counting(10));
    b.handler.data(counting(20));
    a.handler.end();
    b.handler.end();
    a.drain();
    expect(a.calls).toEqual(["shutdown"]);
    b.drain();
    expect(a.sent).toEqual(counting(20));
    expect(b.sent).toEqual(counting(10));
    expect(a.closed && b.closed).toBe(true);
  });

  test("a FIN that came before is passed on", () => {
    const { b } = joined({ earlyFromA: counting(3), endedA: true });
    expect(b.sent).toEqual(counting(3));
    expect(b.calls).toEqual(["shutdown"]);
  });

  describe("the terminationDelay", () => {
    const delayed = (terminationDelay?: number, idleTimeout?: number) => {
      const deadlines = new Deadlines();
      return { deadlines, ...joined({ terminationDelay, idleTimeout, deadlines }) };
    };

    test("begins when a FIN has been passed on, from whichever side, and bytes don't move it", async () => {
      for (const [first, second] of [
        ["a", "b"],
        ["b", "a"],
      ] as const) {
        const { deadlines, closes, ...ends } = delayed(1000);
        deadlines.sweep(now() + 5000);
        expect([ends.a.closed, ends.b.closed]).toEqual([false, false]);
        ends[first].handler.end();
        ends[second].handler.data(counting(4));
        expect(ends[first].sent).toEqual(counting(4));
        deadlines.sweep(now() + 500);
        expect(ends[second].closed).toBe(false);
        deadlines.sweep(now() + 1500);
        await Promise.resolve();
        expect([ends.a.closed, ends.b.closed]).toEqual([true, true]);
        expect(closes).toEqual([first === "a" ? [0, 4] : [4, 0]]);
      }
    });

    test("hasn't begun while bytes still wait before the FIN", () => {
      const { a, b, deadlines } = delayed(1000);
      b.capacities = [2];
      a.handler.data(counting(5));
      a.handler.end();
      deadlines.sweep(now() + 5000);
      expect(b.closed).toBe(false);
      b.drain();
      expect(b.calls).toEqual(["shutdown"]);
      deadlines.sweep(now() + 5000);
      expect(b.closed).toBe(true);
    });

    test("of 0 is over at once, a negative one never", () => {
      const none = delayed(0);
      none.a.handler.end();
      none.deadlines.sweep(now() + 2);
      expect(none.b.closed).toBe(true);
      const endless = delayed(-1);
      endless.a.handler.end();
      endless.deadlines.sweep(now() + 1e9);
      expect(endless.b.closed).toBe(false);
    });

    test("is for what is said, not for how long it takes to go out", async () => {
      for (const said of ["all", "not all"]) {
        const { a, b, deadlines, closes } = delayed(1000);
        a.handler.end();
        a.capacities = [3, 3];
        b.handler.data(counting(10));
        if (said === "all") b.handler.end();
        deadlines.sweep(now() + 1500);
        expect([a.closed, b.closed]).toEqual([false, true]);
        await Promise.resolve();
        a.drain();
        deadlines.sweep(now() + 5000);
        expect(a.closed).toBe(false);
        a.drain();
        expect(a.sent).toEqual(counting(10));
        await Promise.resolve();
        expect([a.calls.at(-1), b.calls.at(-1)]).toEqual(["close", "close"]);
        expect(closes).toEqual([[0, 10]]);
      }
    });

    test("takes the place of the idleTimeout", () => {
      const { a, b, deadlines } = delayed(1000, 60_000);
      a.handler.end();
      b.handler.data(counting(1));
      deadlines.sweep(now() + 1500);
      expect(b.closed).toBe(true);
    });
  });

  test("a reset is passed on as a reset, whatever waits", async () => {
    const { a, b, closes } = joined();
    b.capacities = [0];
    a.handler.data(counting(10));
    a.fail(new Error("ECONNRESET"));
    expect(b.calls).toEqual(["reset"]);
    await Promise.resolve();
    expect(closes).toEqual([[10, 0]]);
  });

  test("a clean close lets what waits go out first", async () => {
    const { a, b, closes } = joined();
    b.capacities = [0];
    a.handler.data(counting(10));
    a.handler.end();
    a.fail();
    expect(b.calls).toEqual([]);
    b.drain();
    expect(b.sent).toEqual(counting(10));
    expect(b.calls).toEqual(["close"]);
    await Promise.resolve();
    expect(closes).toEqual([[10, 0]]);
  });

  test("doesn't read while too much waits", () => {
    const { a, b } = joined();
    b.capacities = [0];
    a.handler.data(counting(60_000));
    expect(a.paused).toBe(false);
    a.handler.data(counting(10_000, 60_000));
    expect(a.paused).toBe(true);
    b.capacities = [30_000];
    b.drain();
    expect(a.paused).toBe(true);
    b.drain();
    expect(a.paused).toBe(false);
    b.capacities = [0];
    a.handler.data(counting(70_000, 70_000));
    expect(a.paused).toBe(true);
    b.drain();
    expect(a.paused).toBe(false);
    expect(b.sent).toEqual(counting(140_000));
  });

  test("gives an array back that was sent whole, and none of which something waits", () => {
    const { a, b, join } = setUp({ earlyFromA: counting(3) });
    join();
    const [whole, partial, behind] = [counting(10), counting(10), counting(10)];
    a.handler.data(whole);
    b.capacities = [4];
    a.handler.data(partial);
    a.handler.data(behind);
    expect(a.recycled).toEqual([whole]);
    b.drain();
    expect(b.sent.length).toBe(33);
    expect(b.recycled).toEqual([]);
  });

  test("what comes byte by byte while the other side is full goes out in few pieces", () => {
    const { a, b } = joined();
    b.capacities = [0];
    const all = counting(60_000);
    for (let i = 0; i < all.length; i++) a.handler.data(all.slice(i, i + 1));
    expect(b.writes).toHaveLength(1);
    b.drain();
    expect(Buffer.compare(b.sent, all)).toBe(0);
    expect(b.writes.length).toBeLessThan(40);
  });

  test("one that is closed already closes the other", async () => {
    for (const [first, second] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const all = setUp({ earlyFromA: counting(1), earlyFromB: counting(1) });
      all[first].closed = true;
      all.join();
      await Promise.resolve();
      expect(all[second].calls).toEqual(["close"]);
      expect(all.closes).toEqual([[1, 1]]);
    }
  });

  test("closes both when nothing moves for too long", async () => {
    const deadlines = new Deadlines(60_000);
    const { a, b, closes } = joined({ idleTimeout: 1000, deadlines });
    deadlines.sweep(now() + 900);
    expect(a.closed).toBe(false);
    a.handler.data(counting(1));
    deadlines.sweep(now() + 1100);
    await Promise.resolve();
    expect([a.calls, b.calls]).toEqual([["close"], ["close"]]);
    expect(closes).toEqual([[1, 0]]);
    // Gone from the deadlines as well.
    deadlines.sweep(Infinity);
    expect(closes).toHaveLength(1);
  });

  test("every byte arrives in order and once, and then FIN, whatever either takes", () => {
    const size = fc.oneof(fc.nat(100), fc.nat(100_000));
    const step = fc.record({ from: fc.nat(1), action: fc.constantFrom("data", "drain"), size });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(size, { maxLength: 30 }),
        fc.array(size, { maxLength: 30 }),
        (steps, capacitiesA, capacitiesB) => {
          const { a, b } = joined();
          a.capacities = capacitiesA;
          b.capacities = capacitiesB;
          const sides = [a, b];
          const totals = [0, 0];
          for (const { from, action, size } of steps) {
            const side = sides[from];
            if (action === "drain") side.drain();
            else if (!side.paused) {
              side.handler.data(counting(size, totals[from]));
              totals[from] += size;
            }
          }
          for (const side of sides) side.handler.end();
          let busy = true;
          while (busy) busy = [a.drain(), b.drain()].includes(true);
          expect(Buffer.compare(b.sent, counting(totals[0]))).toBe(0);
          expect(Buffer.compare(a.sent, counting(totals[1]))).toBe(0);
          expect(a.closed && b.closed).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
