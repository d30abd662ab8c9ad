import { expect, test } from "bun:test";
import { concatBytes } from "../../../../src/core/bytes.ts";
import { Stash } from "../../../../src/server/connection/stash.ts";
import { countCopies } from "../../../support/copies.ts";
import { counting, FakeConnection } from "../../net/fake-connection.ts";

const WATERMARK = 64 * 1024;

test("bytes that come one by one are copied a bounded number of times", () => {
  const stash = new Stash(new FakeConnection());
  let waiting: Uint8Array | null = null;
  const copied = countCopies(() => {
    for (let i = 0; i < WATERMARK - 1; i++) stash.keep(counting(1, i));
    waiting = stash.take();
  });
  expect(copied).toBeLessThanOrEqual(2 * WATERMARK);
  expect(Buffer.compare(waiting!, counting(WATERMARK - 1))).toBe(0);
});

test("requests that wait in one array are copied a bounded number of times, taken one by one", () => {
  const stash = new Stash(new FakeConnection());
  const request = 40;
  const taken: Uint8Array[] = [];
  const copied = countCopies(() => {
    stash.keep(counting(WATERMARK));
    for (let next = stash.take(); next !== null; next = stash.take()) {
      taken.push(next.subarray(0, request));
      if (next.length > request) stash.keep(next, request);
    }
  });
  expect(copied).toBeLessThanOrEqual(2 * WATERMARK);
  expect(Buffer.compare(concatBytes(taken), counting(WATERMARK))).toBe(0);
});

test("a full stash stops the reading, and goes on when it is taken", () => {
  const connection = new FakeConnection();
  const stash = new Stash(connection);
  stash.keep(counting(WATERMARK - 1));
  expect(connection.calls).toEqual([]);
  stash.keep(counting(1));
  stash.keep(counting(1));
  expect(connection.calls).toEqual(["pause"]);
  expect(stash.take()?.length).toBe(WATERMARK + 1);
  expect([stash.take(), stash.drop()]).toEqual([null, null]);
  expect(connection.calls).toEqual(["pause", "resume"]);
});
