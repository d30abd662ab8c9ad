import { expect, test } from "bun:test";
import { runSuite } from "./run-suite.ts";

const results = await runSuite([process.execPath, "run", "runtime/bun/run-conformance.ts"]);

for (const [name, result] of results) {
  test(`Bun: ${name}`, () => expect(result).toBe("passed"));
}
