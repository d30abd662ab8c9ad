import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { loadBalancerSchema } from "../../../../src/config/dynamic/http-services.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import { hashKey } from "../../../../src/services/http/strategies/hash-key.ts";
import { hrwBy } from "../../../../src/services/http/strategies/hrw.ts";
import { makeLoadBalancer } from "./made-services.ts";

const from = (ip = "192.0.2.1") => new Exchange({ ...NO_DOWNSTREAM, remote: { ip, port: 1 } });

test.each([
  [{ header: "X-User" }, { headers: { "x-user": "ann" } }, "ann"],
  [{ header: "X-User" }, { headers: { "x-user": "" } }, "192.0.2.1"],
  [{ header: "X-User" }, {}, "192.0.2.1"],
  [{ header: "Host" }, {}, "app.test"],
  [{ cookie: "id" }, { headers: { cookie: "xid=1; id=ann" } }, "ann"],
  [{ cookie: "id" }, { headers: { cookie: "xid=1" } }, "192.0.2.1"],
  [{ query: "user" }, {}, "a b"],
  [{ query: "none" }, {}, "192.0.2.1"],
  [{ path: true }, {}, "/a/b"],
  [undefined, {}, "192.0.2.1"],
])("%j of %j is %s", (options, init, key) => {
  const request = new Request("http://app.test/a/b?x=1&user=a%20b", init as RequestInit);
  expect(hashKey(options)(from(), request)).toBe(key);
});

/** Which of these members gets each of these users. */
function placed(
  names: readonly string[],
  users: readonly string[],
  weights: readonly number[] = [],
) {
  const members = names.map((name, i) => ({
    name,
    weight: weights[i] ?? 1,
    up: true,
    handler: () => new Response(),
  }));
  const strategy = hrwBy(hashKey({ header: "x-user" }))(members);
  return users.map((user) => {
    const request = new Request("http://x/", { headers: { "x-user": user } });
    return names[strategy.choose(from(), request)];
  });
}

const USERS = Array.from({ length: 2000 }, (_, i) => `user-${i}`);
const servers = fc.uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 2, maxLength: 6 });
const urls = (numbers: readonly number[]) => numbers.map((n) => `http://10.0.0.${n}:8080`);

describe("consistency", () => {
  test("only users of a server that goes move, and none moves between those that stay", () => {
    fc.assert(
      fc.property(servers, fc.nat(), (numbers, which) => {
        const all = urls(numbers);
        const gone = all[which % all.length];
        const before = placed(all, USERS);
        const after = placed(
          all.filter((url) => url !== gone),
          USERS,
        );
        for (const [i, place] of before.entries()) if (place !== gone) expect(after[i]).toBe(place);
      }),
      { numRuns: 15 },
    );
  });

  test("the order of the servers is of no meaning", () => {
    fc.assert(
      fc.property(servers, (numbers) => {
        const all = urls(numbers);
        expect(placed(all.toReversed(), USERS)).toEqual(placed(all, USERS));
      }),
      { numRuns: 10 },
    );
  });

  test("users are spread by weight", () => {
    fc.assert(
      fc.property(servers, fc.infiniteStream(fc.integer({ min: 1, max: 4 })), (numbers, stream) => {
        const all = urls(numbers);
        const weights = [...stream.take(all.length)];
        const sum = weights.reduce((a, b) => a + b);
        const found = placed(all, USERS, weights);
        for (const [i, url] of all.entries()) {
          const share = found.filter((each) => each === url).length / USERS.length;
          expect(Math.abs(share - weights[i] / sum)).toBeLessThan(0.08);
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe("loadBalancer", () => {
  const server = (name: string) => ({ url: `http://${name}`, handler: () => new Response(name) });

  test("requests of one user go to one server, from wherever", async () => {
    const options = { strategy: "hrw" as const, hash: { header: "X-User" } };
    const service = await makeLoadBalancer(options, ["a", "b", "c"].map(server));
    const ask = async (user: string, ip: string) => {
      const request = new Request("http://x/", { headers: { "x-user": user } });
      return (await service.handler(request, from(ip))).text();
    };
    const seen = new Set<string>();
    for (let user = 0; user < 30; user++) {
      const texts = await Promise.all([1, 2, 3, 4].map((ip) => ask(String(user), `192.0.2.${ip}`)));
      expect(new Set(texts).size).toBe(1);
      seen.add(texts[0]);
    }
    expect([...seen].sort()).toEqual(["a", "b", "c"]);
  });

  test("other strategies, and not exactly one thing to go by, are refused", async () => {
    const made = makeLoadBalancer({ hash: { path: true } }, [server("a")]);
    await expect(made).rejects.toThrow('hash: it is for the strategy hrw, found "wrr"');
    for (const hash of [{}, { path: false }, { header: "a", cookie: "b" }, { header: "" }])
      expect(loadBalancerSchema.safeParse({ hash }).success).toBeFalse();
  });
});
