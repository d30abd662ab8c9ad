import { expect, test } from "bun:test";
import { denoBinary } from "../../scripts/deno-binary.ts";
import { runSuite } from "./run-suite.ts";

const results = await runSuite([
  denoBinary(),
  "run",
  "--allow-all",
  "runtime/deno/run-conformance.ts",
]);

for (const [name, result] of results) {
  test(`Deno: ${name}`, () => expect(result).toBe("passed"));
}
