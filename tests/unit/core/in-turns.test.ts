import { expect, test } from "bun:test";
import { inTurns } from "../../../src/core/loop/in-turns.ts";

/** Keeps the processor for so many milliseconds. */
function work(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

const later = () => new Promise((resolve) => setTimeout(resolve, 0));

test("tasks are done in their order, those that come meanwhile behind them, none in the caller", async () => {
  const done: string[] = [];
  inTurns(() => {
    done.push("a");
    inTurns(() => done.push("c"));
  });
  inTurns(() => done.push("b"));
  expect(done).toEqual([]);
  while (done.length < 3) await later();
  expect(done).toEqual(["a", "b", "c"]);
  inTurns(() => done.push("d"));
  while (done.length < 4) await later();
});

test("what takes long leaves turns to others", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  let done = 0;
  for (let i = 0; i < 40; i++) {
    inTurns(() => {
      work(1);
      done++;
    });
  }
  while (done < 40) await later();
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
});

test("a mass of them comes to its end beside ever new ones", async () => {
  let done = 0;
  for (let i = 0; i < 640; i++) {
    inTurns(() => {
      work(1);
      done++;
    });
  }
  let turns = 0;
  while (done < 640) {
    await later();
    turns++;
  }
  // A part of what waits each turn, where a millisecond is one task's.
  expect(turns).toBeLessThan(400);
});
