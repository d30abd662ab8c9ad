import { expect, test } from "bun:test";
import { certificateTable } from "../../../src/cli/certificates.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const DAY = 86_400_000;

test("certificates are listed with their ends, and with why their orders failed", () => {
  const failure = {
    names: ["x.test"],
    error: "rateLimited: too many",
    at: NOW - DAY,
    nextTry: NOW + DAY,
    tries: 3,
  };
  const once = { ...failure, tries: 1, nextTry: NOW - 1 };
  const rows = [
    { source: "le", names: ["x.test", "y.test"], until: undefined, failure },
    { source: "", names: ["old.test"], until: NOW - 1, failure: undefined },
    { source: "le", names: ["soon.test"], until: NOW + 1.5 * DAY, failure: once },
    { source: "internal", names: ["z.test"], until: NOW + 80.5 * DAY, failure: undefined },
  ];
  expect(certificateTable(rows, NOW)).toBe(`\
-           not there yet  le          x.test, y.test
    failed 3 times, last at 2026-05-31T12:00:00Z, tried again at 2026-06-02T12:00:00Z: rateLimited: too many
2026-06-01  expired        configured  old.test
2026-06-03  36 hours       le          soon.test
    failed once, last at 2026-05-31T12:00:00Z, tried again now: rateLimited: too many
2026-08-21  80 days        internal    z.test
`);
  expect(certificateTable([], NOW)).toBe("no certificates\n");
});
