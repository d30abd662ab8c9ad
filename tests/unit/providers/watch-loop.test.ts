import { describe, expect, test } from "bun:test";
import type { Logger } from "../../../src/core/logger.ts";
import { SettledChanges } from "../../../src/providers/settled-changes.ts";
import { watchLoop } from "../../../src/providers/watch-loop.ts";

function memoryLogger() {
  const lines: string[] = [];
  const log = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
  };
  const logger = {
    debug: log("debug"),
    info: log("info"),
    error: log("error"),
  } as unknown as Logger;
  return { logger, lines };
}

const forever = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

describe("a watched source", () => {
  test("that is away doesn't keep the start, and is tried again", async () => {
    const { logger, lines } = memoryLogger();
    const { promise, resolve } = Promise.withResolvers<void>();
    let tries = 0;
    const stop = await watchLoop({
      logger,
      source: "the store",
      async session(signal, ready) {
        if (++tries < 2) throw new Error("refused");
        ready();
        resolve();
        await forever(signal);
      },
    });
    expect(tries).toBe(1);
    expect(lines).toEqual(["error Lost, or did not get, the connection to the store"]);
    await promise;
    expect(tries).toBe(2);
    expect(lines[1]).toBe("info Connected again to the store");
    stop();
  });

  test("that is stopped ends its session and is not tried again", async () => {
    const { logger, lines } = memoryLogger();
    let tries = 0;
    let ended = false;
    const stop = await watchLoop({
      logger,
      source: "the store",
      async session(signal, ready) {
        tries++;
        ready();
        await forever(signal).finally(() => {
          ended = true;
        });
      },
    });
    stop();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([ended, tries, lines]).toEqual([true, 1, []]);
  });
});

describe("changes", () => {
  test("in a storm are handed on as one set, what comes meanwhile as the next", async () => {
    const sets: string[][] = [];
    const done = Promise.withResolvers<void>();
    const changes = new SettledChanges(5, async (changed) => {
      sets.push([...changed]);
      if (sets.length === 1) changes.add("c");
      else done.resolve();
    });
    for (const what of ["a", "b", "a"]) changes.add(what);
    await done.promise;
    expect(sets).toEqual([["a", "b"], ["c"]]);
  });

  test("after a failure are no longer handed on", async () => {
    let calls = 0;
    const failed = Promise.withResolvers<unknown>();
    const changes = new SettledChanges(1, async () => {
      calls++;
      throw new Error("no");
    });
    changes.failed = failed.resolve;
    changes.add("a");
    expect(String(await failed.promise)).toBe("Error: no");
    changes.add("b");
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(calls).toBe(1);
  });
});
