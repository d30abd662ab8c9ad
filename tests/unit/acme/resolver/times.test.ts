import { expect, test } from "bun:test";
import { AcmeError } from "../../../../src/acme/protocol/acme-error.ts";
import { retryAfter } from "../../../../src/acme/protocol/retry-after.ts";
import { BACKOFF, nextTry } from "../../../../src/acme/resolver/backoff.ts";
import { renewalTime } from "../../../../src/acme/resolver/renewal-time.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;

test("a certificate is renewed with a third of its life left, a short one with half, some earlier", () => {
  const life = (days: number, random: number) =>
    renewalTime({ notBefore: 0, notAfter: days * DAY }, random) / DAY;
  expect(life(90, 0)).toBeCloseTo(60);
  expect(life(90, 1)).toBeCloseTo(58.2);
  expect(life(6, 0)).toBeCloseTo(3);
  expect(life(365, 0)).toBeCloseTo(243.3, 1);
});

test("what an authority refused waits longer each time, what couldn't be asked not so long", () => {
  const refused = new AcmeError("", 403, "unauthorized");
  const pauses = (error: unknown, tries: readonly number[]) =>
    tries.map((n) => nextTry(error, n, BACKOFF, 0, 0));
  expect(pauses(refused, [1, 2, 3, 9])).toEqual([MINUTE, 3 * MINUTE, 9 * MINUTE, 360 * MINUTE]);
  expect(pauses(new Error("ECONNREFUSED"), [1, 2, 3, 20])).toEqual([5000, 10_000, 20_000, 600_000]);
  expect(pauses(new AcmeError("", 503, ""), [1])).toEqual([5000]);
  expect(nextTry(refused, 1, BACKOFF, 0, 1)).toBe(1.2 * MINUTE);
});

test("an authority's Retry-After is waited for, a day at most", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfter("120", now)).toBe(now + 2 * MINUTE);
  expect(retryAfter("Thu, 01 Jan 2026 01:00:00 GMT", now)).toBe(now + 60 * MINUTE);
  expect(retryAfter("9999999", now)).toBe(now + DAY);
  expect(retryAfter("Thu, 01 Jan 2015 01:00:00 GMT", now)).toBe(now);
  for (const nothing of [undefined, "", "soon"]) expect(retryAfter(nothing, now)).toBeUndefined();
  const limited = new AcmeError("", 429, "rateLimited", now + 60 * MINUTE);
  expect(nextTry(limited, 1, BACKOFF, now, 0)).toBe(now + 60 * MINUTE);
});
