import type { Runtime } from "../../src/net/runtime.ts";
import { SUITE } from "./suite.ts";

/** The outcome of a case, one line of JSON on standard output. */
export interface Outcome {
  readonly name: string;
  /** Null where the case passed. */
  readonly error: string | null;
}

/** Runs every case, one after the other, and exits: with 1 where one failed. */
export async function runSuite(runtime: Runtime): Promise<never> {
  let failures = 0;
  for (const { name, run } of SUITE) {
    let error: string | null = null;
    try {
      await run(runtime);
    } catch (thrown) {
      failures++;
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    const outcome: Outcome = { name, error };
    runtime.stdout.write(new TextEncoder().encode(`${JSON.stringify(outcome)}\n`));
  }
  await runtime.stdout.flush();
  return runtime.exit(failures === 0 ? 0 : 1);
}
