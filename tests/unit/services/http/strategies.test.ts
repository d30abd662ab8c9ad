import { describe, expect, test } from "bun:test";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import { Fnv } from "../../../../src/services/http/strategies/fnv.ts";
import { hrw } from "../../../../src/services/http/strategies/hrw.ts";
import { leasttime } from "../../../../src/services/http/strategies/leasttime.ts";
import { p2c } from "../../../../src/services/http/strategies/p2c.ts";
import type { CreateStrategy } from "../../../../src/services/http/strategies/strategy.ts";
import { STRATEGIES } from "../../../../src/services/http/strategies/table.ts";

const request = new Request("http://x/");

const exchangeOf = (ip = "192.0.2.1") =>
  new Exchange({ ...NO_DOWNSTREAM, remote: { ip, port: 1 } });

/** Members by their weights, each named as a letter, that take so long to answer. */
function balance(create: CreateStrategy, weights: readonly number[], delays: number[] = []) {
  const members = weights.map((weight, i) => ({
    name: "abcdef"[i],
    weight,
    up: true,
    handler: async () => {
      if (delays[i] !== undefined) await Bun.sleep(delays[i]);
      return new Response("abcdef"[i]);
    },
  }));
  const strategy = create(members);
  /** Begins a request; where it goes to, and what ends it. */
  const begin = (ip?: string) => {
    const exchange = exchangeOf(ip);
    const place = strategy.choose(exchange);
    const answer = place < 0 ? undefined : strategy.handlers[place](request, exchange);
    return { name: place < 0 ? "nobody" : members[place].name, answer, exchange };
  };
  return { strategy, members, begin };
}

describe.each(Object.entries(STRATEGIES))("%s", (name, create) => {
  test("chooses members that are up, and none where none is", () => {
    const { strategy, begin } = balance(create, [1, 1, 1]);
    strategy.setUp(0, false);
    strategy.setUp(2, false);
    for (let i = 0; i < 20; i++) expect(begin(`192.0.2.${i}`).name).toBe("b");
    strategy.setUp(1, false);
    expect([begin().name, strategy.anyUp]).toEqual(["nobody", false]);
    strategy.setUp(2, true);
    expect([begin().name, strategy.anyUp]).toEqual(["c", true]);
  });

  test("leaves members of weight 0 out, but where weights count for nothing", () => {
    const { begin } = balance(create, [1, 0]);
    const chosen = new Set(Array.from({ length: 200 }, (_, i) => begin(`192.0.2.${i}`).name));
    expect([...chosen].sort()).toEqual(name === "p2c" ? ["a", "b"] : ["a"]);
  });

  test("takes no request where there are no members", () => {
    const { strategy, begin } = balance(create, []);
    expect([begin().name, strategy.anyUp]).toEqual(["nobody", false]);
  });
});

describe("p2c", () => {
  test("of two members the one with fewer requests in flight, until they end", () => {
    const { begin } = balance(p2c, [1, 1]);
    const first = begin();
    const second = begin();
    expect([first.name, second.name].sort()).toEqual(["a", "b"]);
    first.exchange.finish();
    expect(begin().name).toBe(first.name);
  });

  test("requests in flight are spread evenly", () => {
    const { begin } = balance(p2c, [1, 1, 1, 1]);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 400; i++) {
      const { name } = begin();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    for (const count of Object.values(counts)) {
      expect(count).toBeGreaterThan(90);
      expect(count).toBeLessThan(110);
    }
  });
});

describe("hrw", () => {
  const shares = (weights: readonly number[]) => {
    const { begin } = balance(hrw, weights);
    return Array.from({ length: 1000 }, (_, i) => begin(`10.0.${i >> 8}.${i & 255}`).name);
  };

  test("a client has the same member always, and clients are spread by weight", () => {
    const first = shares([1, 1, 2]);
    expect(shares([1, 1, 2])).toEqual(first);
    const count = (name: string) => first.filter((each) => each === name).length;
    for (const name of ["a", "b"]) {
      expect(count(name)).toBeGreaterThan(180);
      expect(count(name)).toBeLessThan(320);
    }
    expect(count("c")).toBeGreaterThan(420);
  });

  test("a member that goes down gives its clients to others, and no other client moves", () => {
    const { strategy, begin } = balance(hrw, [1, 1, 1]);
    const clients = Array.from({ length: 300 }, (_, i) => `2001:db8::${i.toString(16)}`);
    const before = clients.map((ip) => begin(ip).name);
    strategy.setUp(1, false);
    const down = clients.map((ip) => begin(ip).name);
    strategy.setUp(1, true);
    expect(clients.map((ip) => begin(ip).name)).toEqual(before);
    down.forEach((name, i) => {
      if (before[i] !== "b") expect(name).toBe(before[i]);
      else expect(name).not.toBe("b");
    });
  });

  test("hashes as FNV-1a does", () => {
    // From the algorithm's published test vectors: 64 bits.
    const vectors: Record<string, bigint> = {
      "": 0xcbf29ce484222325n,
      a: 0xaf63dc4c8601ec8cn,
      foobar: 0x85944171f73967e8n,
    };
    for (const [text, hash] of Object.entries(vectors))
      expect(new Fnv().start().add(text).value).toBe(hash);
    const half = new Fnv().start().add("foo");
    expect(new Fnv().from(half).add("bar").value).toBe(vectors["foobar"]);
  });
});

describe("leasttime", () => {
  test("members that never answered take turns by weight", () => {
    const { begin } = balance(leasttime, [2, 1]);
    const names = Array.from({ length: 6 }, () => begin().name);
    expect(names.filter((name) => name === "a")).toHaveLength(4);
  });

  test("the one that answers soonest goes first, and its requests in flight count against it", async () => {
    const { begin } = balance(leasttime, [1, 1], [2, 300]);
    for (let i = 0; i < 2; i++) {
      const { answer, exchange } = begin();
      await answer;
      exchange.finish();
    }
    expect([begin().name, begin().name]).toEqual(["a", "a"]);
    const more = Array.from({ length: 400 }, () => begin().name);
    expect(more).toContain("b");
  });

  test("a weight makes up for slower answers", async () => {
    const { begin } = balance(leasttime, [1, 1000], [20, 60]);
    for (let i = 0; i < 12; i++) {
      const { answer, exchange } = begin();
      await answer;
      exchange.finish();
    }
    expect(begin().name).toBe("b");
  });
});
