import { afterEach, expect, test } from "bun:test";
import { Heartbeats } from "../../../src/control/heartbeats.ts";

let running: Heartbeats | undefined;
afterEach(() => running?.stop());

function watch(workers: number) {
  const memory = new SharedArrayBuffer(workers * 4);
  const hung: number[] = [];
  running = new Heartbeats(memory, (index) => hung.push(index));
  return { beats: new Int32Array(memory), hung, heartbeats: running };
}

test("a worker that has beaten and stops is reported once, after ten looks", () => {
  const { beats, hung, heartbeats } = watch(2);
  for (let look = 0; look < 20; look++) {
    beats[0]++;
    if (look === 0) beats[1]++;
    heartbeats.look();
    expect(hung).toEqual(look < 10 ? [] : [1]);
  }
});

test("a worker that has not beaten yet is still starting", () => {
  const { hung, heartbeats } = watch(1);
  for (let look = 0; look < 30; look++) heartbeats.look();
  expect(hung).toEqual([]);
});

test("the successor of one that hung is reported again where it hangs too", () => {
  const { beats, hung, heartbeats } = watch(1);
  beats[0]++;
  for (let look = 0; look < 11; look++) heartbeats.look();
  heartbeats.forget(0);
  expect(beats[0]).toBe(0);
  beats[0]++;
  for (let look = 0; look < 11; look++) heartbeats.look();
  expect(hung).toEqual([0, 0]);
});
