import { test } from "bun:test";
import { type Tool, toolPath } from "../../scripts/tool-path.ts";

/**
 * `test` where all the tools are installed; else `test.skip`, said loudly. The test script counts
 * such a test as skipped, and fails where skips are forbidden.
 */
export function testWith(...tools: Tool[]): typeof test {
  const missing = tools.filter((tool) => toolPath(tool) === null);
  if (missing.length === 0) return test;
  console.error(
    `\n*** SKIPPED: a test needs ${missing.join(" and ")}, which is not installed ***\n`,
  );
  return test.skip as unknown as typeof test;
}
