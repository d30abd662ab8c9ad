import { expect, test } from "bun:test";
import fc from "fast-check";
import { CacheScene, type Fields, ok } from "./cache-scene.ts";

/*
 * Against a model that knows, for each key, what the server said last and when: whatever comes, a client gets the
 * bytes of its own key, never older than the response allows.
 */

const LIFETIME = 10;
const STALE = 5;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("get" as const),
      path: fc.nat(3),
      language: fc.nat(2),
      host: fc.nat(1),
      range: fc.boolean(),
      fresh: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds: fc.nat(12) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("post" as const),
      path: fc.nat(3),
      worker: fc.nat(1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("purge" as const), path: fc.nat(3) }) },
);

const setting = fc.record({
  memoryBytes: fc.constantFrom(3_000, 6_000, 1_000_000),
  maxVariants: fc.constantFrom(1, 2, 32),
});

test("no client gets another key's bytes, or what is staler than allowed, or forgotten", async () => {
  await fc.assert(
    fc.asyncProperty(setting, fc.array(step, { maxLength: 60 }), async (options, steps) => {
      const control = `max-age=${LIFETIME}, stale-if-error=${STALE}`;
      const first = await CacheScene.of({ ...options, memoryBytes: options.memoryBytes });
      const second = await first.beside(options);
      let version = 0;
      let fails = false;
      /** When a version was made, and paths' versions that count no more. */
      const madeAt = new Map<number, number>();
      const forgotten = new Map<number, number>();
      for (const [i, scene] of [first, second].entries()) {
        scene.answer = (request) => {
          if (request.method === "POST") return ok("");
          if (fails) return new Response(null, { status: 503 });
          const { host, target } = scene.asked.at(-1)!;
          version++;
          madeAt.set(version, first.time);
          const fields: Fields = [
            ["Cache-Control", control],
            ["Vary", "Accept-Language"],
          ];
          return ok(
            `${version} ${host} ${target} ${request.headers.get("accept-language")} ${i}`,
            fields,
          );
        };
      }
      for (const [i, one] of steps.entries()) {
        const scene = i % 2 === 0 ? first : second;
        if (one.kind === "pass") first.pass(one.seconds);
        if (one.kind === "fail") fails = one.fails;
        const forget = (path: number) => {
          for (const host of [0, 1])
            forgotten.set(
              path * 2 + host,
              host === 0 ? version : (forgotten.get(path * 2 + 1) ?? 0),
            );
        };
        if (one.kind === "post") {
          await scene.ask({ method: "POST", target: `/${one.path}`, host: "host0.test" });
          forget(one.path);
        }
        if (one.kind === "purge") {
          for (const each of [first, second])
            await each.middleware.purge!({ url: `http://host0.test/${one.path}`, shared: true });
          forget(one.path);
        }
        if (one.kind !== "get") continue;
        const headers: [string, string][] = [["Accept-Language", `l${one.language}`]];
        if (one.range) headers.push(["Range", "bytes=0-"]);
        if (one.fresh) headers.push(["Cache-Control", "max-age=3"]);
        const answer = await scene.ask({
          target: `/${one.path}`,
          host: `host${one.host}.test`,
          headers,
        });
        if (answer.status === 503) {
          expect(fails).toBe(true);
          continue;
        }
        const [said, host, target, language] = answer.text.split(" ");
        expect([host, target, language]).toEqual([
          `host${one.host}.test`,
          `/${one.path}`,
          `l${one.language}`,
        ]);
        const age = (first.time - madeAt.get(Number(said))!) / 1000;
        const most = fails ? LIFETIME + STALE : one.fresh ? Math.min(LIFETIME, 3) : LIFETIME;
        expect(age).toBeLessThanOrEqual(most);
        expect(Number(said)).toBeGreaterThan(forgotten.get(one.path * 2 + one.host) ?? 0);
      }
    }),
    { numRuns: 300 },
  );
});
