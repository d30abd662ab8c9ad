import { expect, test } from "bun:test";
import { subjectProblem } from "../../../../scripts/checks/commit-subjects.ts";

test.each([
  "server: one driver for every protocol",
  "wire/http2: windows grow once",
  "docs, README.md: examples run",
  "HTTP/3 and HTTP/2: one rule for trailers",
  'Revert "server: one driver"',
  `core: ${"x".repeat(66)}`,
])("%s is a subject", (subject) => {
  expect(subjectProblem(subject)).toBeUndefined();
});

test.each([
  ["No area at all", "not in the form"],
  ["server:no blank", "not in the form"],
  ["a whole sentence stands here: it is no area", "not in the form"],
  [`core: ${"x".repeat(67)}`, "73 characters, more than 72"],
])("%s is none", (subject, problem) => {
  expect(subjectProblem(subject)).toContain(problem);
});
