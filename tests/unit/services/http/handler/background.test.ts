import { expect, test } from "bun:test";
import { Background } from "../../../../../src/services/http/handler/background.ts";

test("what is left behind is waited for, and what that leaves behind", async () => {
  const background = new Background();
  expect(await background.settled(0)).toBe(true);
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  background.add(first.promise.then(() => background.add(second.promise)));
  let done = false;
  const settled = background.settled(60_000).then((whole) => {
    done = true;
    return whole;
  });
  first.resolve();
  await Bun.sleep(0);
  expect(done).toBe(false);
  second.reject(new Error("failed"));
  expect(await settled).toBe(true);
});

test("it is waited for no longer than asked", async () => {
  const background = new Background();
  background.add(new Promise(() => {}));
  expect(await background.settled(1)).toBe(false);
});
