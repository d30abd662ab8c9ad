import { expect, test } from "bun:test";
import { QuietMoments } from "../../../src/server/quiet-moments.ts";

test("one quiet moment behind each activity, none while it goes on", () => {
  let activity = 0;
  let quiet = 0;
  const moments = new QuietMoments(
    () => activity,
    () => quiet++,
    1_000_000,
  );
  const ticks = (count: number, busy: boolean) => {
    for (let i = 0; i < count; i++) {
      if (busy) activity++;
      moments.look();
    }
  };
  ticks(5, false);
  expect(quiet).toBe(1);
  ticks(5, true);
  expect(quiet).toBe(1);
  ticks(5, false);
  expect(quiet).toBe(2);
  moments.stop();
});
