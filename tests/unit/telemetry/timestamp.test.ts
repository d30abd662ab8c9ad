import { expect, test } from "bun:test";
import fc from "fast-check";
import { clfTime, localOffset, Rfc3339Clock, rfc3339 } from "../../../src/telemetry/timestamp.ts";

const AT = Date.UTC(2026, 0, 2, 15, 4, 5, 120);

test("RFC 3339", () => {
  expect(rfc3339(AT, 0)).toBe("2026-01-02T15:04:05Z");
  expect(rfc3339(AT, 330)).toBe("2026-01-02T20:34:05+05:30");
  expect(rfc3339(AT, -540)).toBe("2026-01-02T06:04:05-09:00");
});

test("the common log format's", () => {
  expect(clfTime(AT, 0)).toBe("02/Jan/2026:15:04:05 +0000");
  expect(clfTime(AT, -540)).toBe("02/Jan/2026:06:04:05 -0900");
  expect(clfTime(Date.UTC(2009, 10, 10, 23), 60)).toBe("11/Nov/2009:00:00:00 +0100");
});

test("a clock's fractions are as Go's RFC3339Nano has them", () => {
  const clock = new Rfc3339Clock(false, true);
  const at = (millis: number) => clock.text(AT - 120 + millis).slice(19);
  expect([0, 1, 10, 100, 120, 123, 999].map(at)).toEqual([
    "Z",
    ".001Z",
    ".01Z",
    ".1Z",
    ".12Z",
    ".123Z",
    ".999Z",
  ]);
});

test("a clock tells the time, whatever it told before", () => {
  const local = new Rfc3339Clock(true, true);
  const whole = new Rfc3339Clock(true, false);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: -3000, max: 3000 }),
      (start, step) => {
        for (const time of [start, Math.max(0, start + step)]) {
          expect(Date.parse(local.text(time))).toBe(time);
          expect(whole.text(time)).toBe(rfc3339(time, localOffset(time)));
        }
      },
    ),
  );
});
