import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Clock, Deadlines, type Expiring } from "../../../src/core/timers.ts";

/** A clock that a test moves; a look at the owners takes `cost` milliseconds for each wake. */
class TestClock implements Clock {
  time = 1000;
  wakes = 0;
  cost = 0;
  #at = Infinity;
  #callback: (() => void) | null = null;

  now(): number {
    return this.time;
  }

  wake(after: number, callback: () => void): () => void {
    // Timers of the platform have whole milliseconds and are late.
    this.#at = this.time + Math.ceil(after) + 1;
    this.#callback = callback;
    return () => {
      if (this.#callback === callback) this.#callback = null;
    };
  }

  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    while (this.#callback !== null && this.#at <= end) {
      this.time = Math.max(this.time, this.#at);
      const callback = this.#callback;
      this.#callback = null;
      this.wakes++;
      callback();
    }
    this.time = Math.max(this.time, end);
  }
}

class Owner implements Expiring {
  deadline = 0;
  readonly fired: number[] = [];
  readonly clock: TestClock;
  constructor(clock: TestClock) {
    this.clock = clock;
  }
  expired(): void {
    this.fired.push(this.clock.time);
  }
}

type Scene = { clock: TestClock; deadlines: Deadlines; owner: Owner };

function scene(): Scene {
  const clock = new TestClock();
  const deadlines = new Deadlines(250, clock);
  const owner = new Owner(clock);
  deadlines.add(owner);
  return { clock, deadlines, owner };
}

/** How late a limit of that many milliseconds fires. */
function lateness(limit: number, put: (made: Scene) => void = () => {}): number {
  const made = scene();
  made.clock.pass(77);
  put(made);
  const start = made.clock.time;
  made.owner.deadline = made.deadlines.after(limit);
  made.clock.pass(limit * 2 + 1000);
  expect(made.owner.fired).toHaveLength(1);
  return made.owner.fired[0] - start - limit;
}

describe("a deadline", () => {
  test("fires within 10 ms below a second, within 1 % above, and never early", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), (limit) => {
        const late = lateness(limit);
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(Math.max(10, limit / 100));
      }),
      { numRuns: 300 },
    );
  });

  test("does so with others under way, whatever their limits", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 20 }),
        (limit, others) => {
          const late = lateness(limit, ({ clock, deadlines }) => {
            for (const other of others) {
              const owner = new Owner(clock);
              deadlines.add(owner);
              owner.deadline = deadlines.after(other);
              clock.pass(3);
            }
          });
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThanOrEqual(Math.max(10, limit / 100));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("that is put off by an assignment fires at its new time", () => {
    const { clock, deadlines, owner } = scene();
    for (let i = 0; i < 100; i++) {
      owner.deadline = deadlines.after(100);
      clock.pass(20);
    }
    expect(owner.fired).toEqual([]);
    const armed = clock.time - 20;
    clock.pass(200);
    expect(owner.fired).toHaveLength(1);
    expect(owner.fired[0] - armed - 100).toBeLessThanOrEqual(10);
    // Looked at when it was due, not whenever it was moved.
    expect(clock.wakes).toBeLessThan(40);
  });

  test("is put off to a later limit and to an earlier one", () => {
    const { clock, deadlines, owner } = scene();
    owner.deadline = deadlines.after(60_000);
    clock.pass(10);
    owner.deadline = deadlines.after(75);
    clock.pass(50);
    owner.deadline = deadlines.after(60_000);
    clock.pass(59_000);
    expect(owner.fired).toEqual([]);
    owner.deadline = deadlines.after(30);
    clock.pass(40);
    expect(owner.fired).toHaveLength(1);
  });

  test("that one sets as it expires fires as well", () => {
    const { clock, deadlines, owner } = scene();
    const start = clock.time;
    owner.expired = () => {
      owner.fired.push(clock.time);
      if (owner.fired.length < 5) owner.deadline = deadlines.after(20);
    };
    owner.deadline = deadlines.after(20);
    clock.pass(1000);
    expect(owner.fired).toHaveLength(5);
    expect(owner.fired[4] - start - 100).toBeLessThanOrEqual(50);
  });

  test("of 0 is none, and one that was removed never fires", () => {
    const { clock, deadlines, owner } = scene();
    owner.deadline = deadlines.after(0);
    clock.pass(10_000);
    owner.deadline = deadlines.after(50);
    deadlines.remove(owner);
    clock.pass(10_000);
    expect([owner.fired, clock.wakes > 35]).toEqual([[], true]);
  });
});

describe("the timer", () => {
  test("looks four times a second where limits are long, however many are due soon", () => {
    const { clock, deadlines } = scene();
    for (let i = 0; i < 1000; i++) {
      const owner = new Owner(clock);
      deadlines.add(owner);
      owner.deadline = deadlines.after(60_000);
      clock.pass(7);
    }
    const before = clock.wakes;
    clock.pass(60_000);
    expect(clock.wakes - before).toBeLessThanOrEqual(241);
  });

  test("is at rest without owners", () => {
    const { clock, deadlines, owner } = scene();
    deadlines.remove(owner);
    clock.pass(10_000);
    expect(clock.wakes).toBe(0);
    deadlines.after(50);
    clock.pass(10_000);
    expect(clock.wakes).toBe(1);
  });
});
