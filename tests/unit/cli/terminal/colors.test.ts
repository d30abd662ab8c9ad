import { expect, test } from "bun:test";
import { wantsColors } from "../../../../src/cli/terminal/colors.ts";

test.each<[isTerminal: boolean, env: Record<string, string>, colors: boolean]>([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: "dumb" }, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
])("terminal %p with %j: colours %p", (isTerminal, env, colors) => {
  expect(wantsColors({ isTerminal, env })).toBe(colors);
});
