import { test } from "bun:test";

/** Programs that integration tests talk to, and where each is looked for. */
export type Tool = "curl" | "haproxy" | "nginx" | "openssl" | "wrk";

const DIRECTORIES = [process.env["PATH"] ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].join(":");

/** The tool's path, or null where it isn't installed. */
export function toolPath(tool: Tool): string | null {
  return Bun.which(tool, { PATH: DIRECTORIES });
}

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
