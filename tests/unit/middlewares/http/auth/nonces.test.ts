import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LocalCounters } from "../../../../../src/core/counters/counters.ts";
import { MemoryCounters } from "../../../../../src/core/counters/memory-counters.ts";
import { NONCE_CELLS, Nonces } from "../../../../../src/middlewares/http/auth/digest/nonces.ts";

const MINUTES = 60_000;

function setUp() {
  const time = { now: 1000 };
  const cells = new LocalCounters().cells("n", NONCE_CELLS);
  return { time, cells, nonces: new Nonces(cells, () => time.now) };
}

describe("Nonces", () => {
  test("a nonce is good once for each count, in rising order", () => {
    const { nonces } = setUp();
    const nonce = nonces.create();
    for (const [count, verdict] of [
      [1, "good"],
      [1, "replayed"],
      [2, "good"],
      [9, "good"],
      [9, "replayed"],
      [3, "stale"],
      [10, "good"],
    ] as const)
      expect([count, nonces.use(nonce, count)]).toEqual([count, verdict]);
  });

  test("one that wasn't made here, or was changed, is foreign", () => {
    const { nonces } = setUp();
    const nonce = nonces.create();
    expect(setUp().nonces.use(nonce, 1)).toBe("foreign");
    for (let i = 0; i < nonce.length; i += 3) {
      const changed = `${nonce.slice(0, i)}${nonce[i] === "A" ? "B" : "A"}${nonce.slice(i + 1)}`;
      expect(nonces.use(changed, 1)).toBe("foreign");
    }
    for (const text of ["", "!", "AAAA", nonce.repeat(2)])
      expect(nonces.use(text, 1)).toBe("foreign");
    expect(nonces.use(nonce, 1)).toBe("good");
  });

  test("it is stale after ten minutes, used or not", () => {
    const { nonces, time } = setUp();
    const [used, unused] = [nonces.create(), nonces.create()];
    time.now += 9 * MINUTES;
    expect(nonces.use(used, 1)).toBe("good");
    time.now += 1.1 * MINUTES;
    expect([nonces.use(used, 2), nonces.use(unused, 1)]).toEqual(["stale", "stale"]);
  });

  test("questions without an answer take nothing away", () => {
    const { nonces } = setUp();
    const nonce = nonces.create();
    expect(nonces.use(nonce, 1)).toBe("good");
    for (let i = 0; i < 10_000; i++) nonces.create();
    expect(nonces.use(nonce, 2)).toBe("good");
  });

  test("no count is ever good twice, however many nonces there are", () => {
    const { nonces, time } = setUp();
    const all: string[] = [];
    // More than there is room for: some give way, and are stale from then on.
    for (let i = 0; i < 6000; i++) {
      time.now++;
      const nonce = nonces.create();
      expect(nonces.use(nonce, 1)).toBe("good");
      all.push(nonce);
    }
    const verdicts = all.map((nonce) => nonces.use(nonce, 1));
    expect(verdicts).not.toContain("good");
    expect(verdicts.filter((verdict) => verdict === "replayed").length).toBeGreaterThan(1000);
    // Those of now have room.
    time.now++;
    expect(nonces.use(nonces.create(), 1)).toBe("good");
  });

  test("it is one for all workers", () => {
    const memory = MemoryCounters.allocate(2);
    const time = { now: 5 };
    const workers = [0, 1].map((worker) => {
      const cells = new MemoryCounters(memory, worker, 2).cells("n", NONCE_CELLS);
      return new Nonces(cells, () => time.now);
    });
    expect(workers[0].opaque).toBe(workers[1].opaque);
    fc.assert(
      fc.property(fc.array(fc.nat(1), { minLength: 1, maxLength: 10 }), (order) => {
        const nonce = workers[order[0]].create();
        for (const [i, worker] of order.entries()) {
          expect(workers[worker].use(nonce, i + 1)).toBe("good");
          expect(workers[1 - worker].use(nonce, i + 1)).toBe("replayed");
        }
      }),
    );
  });
});
