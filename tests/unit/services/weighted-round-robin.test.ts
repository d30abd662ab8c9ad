import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { WeightedRoundRobin } from "../../../src/services/weighted-round-robin.ts";

interface Child {
  name: number;
  weight: number;
  up: boolean;
}

const children = (weights: readonly number[]): Child[] =>
  weights.map((weight, name) => ({ name, weight, up: true }));

/** Earliest deadline first, to the letter: all are popped in turn, a member that is down is passed over. */
class Reference {
  private readonly queue: { child: Child; turn: bigint }[];

  constructor(all: readonly Child[]) {
    this.queue = all.map((child) => ({ child, turn: 1n }));
  }

  next(): Child | null {
    if (!this.queue.some(({ child }) => child.up)) return null;
    for (;;) {
      let best = this.queue[0];
      for (const entry of this.queue) {
        if (entry.turn * BigInt(best.child.weight) < best.turn * BigInt(entry.child.weight))
          best = entry;
      }
      best.turn++;
      if (best.child.up) return best.child;
    }
  }
}

const weights = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

describe("WeightedRoundRobin", () => {
  test("takes equal weights in turns, in order", () => {
    const turns = new WeightedRoundRobin(children([5, 5, 5]));
    expect(Array.from({ length: 7 }, () => turns.next()!.name)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  test("interleaves different weights", () => {
    const turns = new WeightedRoundRobin(children([3, 1]));
    expect(Array.from({ length: 8 }, () => turns.next()!.name)).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
  });

  test("equals earliest deadline first, whoever comes and goes", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.record({ index: fc.nat({ max: 5 }), up: fc.boolean() }) },
    );
    fc.assert(
      fc.property(weights, fc.array(step, { maxLength: 200 }), (shares, steps) => {
        const all = children(shares);
        const turns = new WeightedRoundRobin(all);
        const reference = new Reference(all);
        for (const change of steps) {
          if (change === null) {
            const expected = reference.next();
            expect(turns.next()).toBe(expected!);
          } else if (change.index < all.length) {
            turns.setUp(change.index, change.up);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("shares follow the weights over any window", () => {
    fc.assert(
      fc.property(weights, fc.nat({ max: 100 }), fc.nat({ max: 300 }), (shares, skip, window) => {
        const turns = new WeightedRoundRobin(children(shares));
        for (let i = 0; i < skip; i++) turns.next();
        const counts = shares.map(() => 0);
        for (let i = 0; i < window; i++) counts[turns.next()!.name]++;
        const sum = shares.reduce((a, b) => a + b, 0);
        for (const [i, count] of counts.entries()) {
          const ideal = (window * shares[i]) / sum;
          // Each deadline is met within one turn of everybody's, at both ends of the window.
          expect(Math.abs(count - ideal)).toBeLessThanOrEqual(shares.length + 1);
        }
      }),
    );
  });

  test("a whole cycle is exact", () => {
    fc.assert(
      fc.property(weights, (shares) => {
        const turns = new WeightedRoundRobin(children(shares));
        const sum = shares.reduce((a, b) => a + b, 0);
        const counts = shares.map(() => 0);
        for (let i = 0; i < sum * 3; i++) counts[turns.next()!.name]++;
        expect(counts).toEqual(shares.map((share) => share * 3));
      }),
    );
  });

  test("gives nobody where nobody is up", () => {
    expect(new WeightedRoundRobin([]).next()).toBeNull();
    for (const shares of [
      [1, 1],
      [2, 1],
    ]) {
      const turns = new WeightedRoundRobin(children(shares));
      turns.setUp(0, false);
      turns.setUp(1, false);
      turns.setUp(1, false);
      expect(turns.anyUp).toBe(false);
      expect(turns.next()).toBeNull();
      turns.setUp(1, true);
      expect(turns.anyUp).toBe(true);
      expect(turns.next()!.name).toBe(1);
    }
  });

  test("one without a weight above 0 never has a turn, up or not", () => {
    for (const weight of [0, -1]) {
      const list = children([1, weight, 2]);
      const turns = new WeightedRoundRobin(list);
      turns.setUp(1, true);
      expect(list[1].up).toBe(false);
      for (let i = 0; i < 9; i++) expect(turns.next()).not.toBe(list[1]);
      turns.setUp(0, false);
      turns.setUp(2, false);
      expect([turns.next(), turns.anyUp]).toEqual([null, false]);
    }
    const idle = new WeightedRoundRobin(children([0, 0]));
    expect([idle.next(), idle.anyUp]).toEqual([null, false]);
  });

  test("refuses what is no weight", () => {
    for (const weight of [1.5, Number.NaN]) {
      expect(() => new WeightedRoundRobin(children([1, weight]))).toThrow("an integer as weight");
    }
  });
});
