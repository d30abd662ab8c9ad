import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { now } from "../../../../src/core/timers.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import { ServerAges } from "../../../../src/services/health/server-ages.ts";
import { leasttime } from "../../../../src/services/http/strategies/leasttime.ts";
import { p2c } from "../../../../src/services/http/strategies/p2c.ts";
import { slowStart } from "../../../../src/services/http/strategies/slow-start.ts";
import type { CreateStrategy } from "../../../../src/services/http/strategies/strategy.ts";
import { wrr } from "../../../../src/services/http/strategies/wrr.ts";
import { makeLoadBalancer } from "./made-services.ts";

const request = new Request("http://x/");
const DURATION = 30_000;

/** Members a, b, c ... of a strategy, with a clock that the test holds. */
function scene(create: CreateStrategy, weights: readonly number[], ages: Record<string, number>) {
  const time = { now: 1_000_000 };
  const members = weights.map((weight, i) => ({
    name: "abcdef"[i],
    weight,
    up: true,
    handler: async () => new Response(),
  }));
  const since = new Map(
    members.map(({ name }) => [name, name in ages ? time.now - ages[name] : -Infinity]),
  );
  const slow = slowStart(create, { duration: DURATION, since, clock: () => time.now });
  const strategy = slow(members);
  /** So many requests, each over before the next; how many of them each member had. */
  const counts = async (requests: number): Promise<number[]> => {
    const found = members.map(() => 0);
    for (let i = 0; i < requests; i++) {
      const exchange = new Exchange(NO_DOWNSTREAM);
      const place = strategy.choose(exchange);
      found[place]++;
      await strategy.handlers[place](request, exchange);
      exchange.finish();
    }
    return found;
  };
  return { strategy, members, since, time, counts };
}

describe("wrr", () => {
  test("a new member's share grows evenly with its age", async () => {
    const { counts, time } = scene(wrr, [1, 1], { b: 0 });
    expect(await counts(101)).toEqual([100, 1]);
    time.now += DURATION / 4;
    expect(await counts(500)).toEqual([400, 100]);
    time.now += DURATION / 4;
    expect(await counts(300)).toEqual([200, 100]);
    time.now += DURATION / 2;
    expect(await counts(300)).toEqual([150, 150]);
  });

  test("members that are equally new share as ever", async () => {
    const { counts } = scene(wrr, [3, 1], { a: 10, b: 10 });
    expect(await counts(400)).toEqual([300, 100]);
  });

  test("one that is up again begins anew, and one that is told to be up once more doesn't", async () => {
    const { strategy, counts, time, since } = scene(wrr, [1, 1], {});
    expect(await counts(100)).toEqual([50, 50]);
    strategy.setUp(1, false);
    expect(await counts(10)).toEqual([10, 0]);
    strategy.setUp(1, true);
    expect(since.get("b")).toBe(time.now);
    time.now += DURATION / 2;
    strategy.setUp(1, true);
    expect(await counts(300)).toEqual([200, 100]);
  });

  test("the only one that is up has everything, however new it is", async () => {
    const { strategy, counts } = scene(wrr, [1, 1], { b: 0 });
    strategy.setUp(0, false);
    expect(await counts(20)).toEqual([0, 20]);
    strategy.setUp(1, false);
    expect([strategy.choose(new Exchange(NO_DOWNSTREAM)), strategy.anyUp]).toEqual([-1, false]);
  });

  test("shares are weights by ages, whatever both are", async () => {
    const member = fc.record({
      weight: fc.integer({ min: 1, max: 8 }),
      age: fc.integer({ min: 1, max: 10 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 5 }), async (given) => {
        const ages = Object.fromEntries(given.map(({ age }, i) => ["abcdef"[i], age * 3000]));
        const weights = given.map(({ weight }) => weight);
        const found = await scene(wrr, weights, ages).counts(3000);
        const parts = given.map(({ weight, age }) => weight * age);
        const all = parts.reduce((a, b) => a + b);
        for (const [i, part] of parts.entries())
          expect(Math.abs(found[i] - (3000 * part) / all)).toBeLessThan(30);
      }),
      { numRuns: 60 },
    );
  });
});

test("p2c: a new member's share grows too", async () => {
  const { counts, time } = scene(p2c, [1, 1, 1], { c: DURATION / 10 });
  // A tenth of the others' parts, and two thirds of them.
  const [, , early] = await counts(2100);
  time.now += DURATION * 0.9;
  const [, , late] = await counts(2100);
  expect(early).toBeGreaterThan(50);
  expect(early).toBeLessThan(150);
  expect(late).toBeGreaterThan(550);
});

test("p2c: a new member that has nothing in flight isn't given what the others are too busy for", () => {
  const { strategy } = scene(p2c, [1, 1], { b: 0 });
  const found = [0, 0];
  for (let i = 0; i < 90; i++) {
    const exchange = new Exchange(NO_DOWNSTREAM);
    const place = strategy.choose(exchange);
    found[place]++;
    // Not one of them comes to its end.
    void strategy.handlers[place](request, exchange);
  }
  expect(found).toEqual([90, 0]);
});

test("leasttime: one that has never answered is not given everything at once", async () => {
  const { strategy, counts, time } = scene(leasttime, [1, 1], { b: 0 });
  const [, early] = await counts(1000);
  expect(early).toBeGreaterThan(0);
  expect(early).toBeLessThanOrEqual(10);
  time.now += DURATION;
  strategy.setUp(0, false);
  expect(await counts(10)).toEqual([0, 10]);
});

describe("ages of servers", () => {
  test("a service that is new has none to spare; a server that comes to it is new, the others aren't", () => {
    const ages = new ServerAges();
    const first = ages.begin("s", ["a"], 5);
    expect([...first]).toEqual([["a", -Infinity]]);
    first.set("a", 7);
    const second = ages.begin("s", ["a", "b"], 10);
    // The old service ends behind the new one's beginning.
    ages.end("s", first);
    expect([...ages.begin("s", ["b", "a"], 20)]).toEqual([
      ["b", 10],
      ["a", 7],
    ]);
    ages.end("s", second);
    const last = ages.begin("s", ["b"], 30);
    ages.end("s", last);
    expect([...ages.begin("s", ["b"], 40)]).toEqual([["b", -Infinity]]);
  });
});

describe("loadBalancer", () => {
  const server = (name: string) => ({
    url: `http://${name}`,
    handler: () => new Response(name),
  });

  test("a server that a reload brings starts slowly, in a service that goes on", async () => {
    const { HealthVerdicts } = await import("../../../../src/services/health/health-verdicts.ts");
    const verdicts = new HealthVerdicts();
    const options = { slowStart: "1h" };
    const before = await makeLoadBalancer(options, [server("a")], { verdicts });
    const after = await makeLoadBalancer(options, [server("a"), server("b")], { verdicts });
    before.stop();
    const started = now();
    let seconds = 0;
    for (let i = 0; i < 200; i++) {
      const response = await after.handler(request, new Exchange(NO_DOWNSTREAM));
      if ((await response.text()) === "b") seconds++;
    }
    // A hundredth of the other's part in the first 36 seconds.
    if (now() - started < 30_000) expect(seconds).toBe(1);
    else expect(seconds).toBeGreaterThan(0);
    after.stop();
  });

  test("hrw is refused by name", async () => {
    const made = makeLoadBalancer({ slowStart: "1s", strategy: "hrw" }, [server("a")]);
    await expect(made).rejects.toThrow("slowStart: clients of the strategy hrw");
  });
});
