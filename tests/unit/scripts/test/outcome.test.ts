import { describe, expect, test } from "bun:test";
import { addUp, readOutcome } from "../../../../scripts/test/outcome.ts";

describe("readOutcome", () => {
  const bun =
    " 12 pass\n 1 skip\n 2 todo\n 0 fail\n 30 expect() calls\nRan 15 tests across 3 files. [5.00ms]\n";
  const cases: [
    name: string,
    output: string,
    exitCode: number,
    passed: number,
    failed: number,
    skipped: number,
  ][] = [
    ["bun", bun, 0, 12, 0, 3],
    [
      "bun, failures",
      " 1 pass\n 2 fail\n 1 error\nRan 3 tests across 1 file. [5.00ms]",
      1,
      1,
      2,
      0,
    ],
    ["bun, a failure that is not counted", bun, 1, 12, 1, 3],
    ["a crash", "panic: Segmentation fault\n 3 pass", 132, 0, 1, 0],
    ["nothing at all", "", 0, 0, 1, 0],
  ];
  test.each(cases)("%s", (_, output, exitCode, passed, failed, skipped) => {
    expect(readOutcome(output, exitCode)).toEqual({ passed, failed, skipped });
  });

  test("sums", () => {
    const one = { passed: 1, failed: 2, skipped: 3 };
    expect(addUp([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
    expect(addUp([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 });
  });
});
