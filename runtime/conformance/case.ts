import type { Runtime } from "../../src/net/runtime.ts";

/** One thing that a runtime adapter must do. `run` rejects where it doesn't. */
export interface Case {
  readonly name: string;
  run(runtime: Runtime): Promise<void>;
}
