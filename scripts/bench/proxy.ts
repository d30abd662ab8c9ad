import type { Backend } from "./backend.ts";
import type { MeasuredProcess } from "./measured-process.ts";

/** A proxy that runs in the scenario. */
export interface RunningProxy {
  readonly name: string;
  readonly port: number;
  readonly process: MeasuredProcess;
  /** Where its access log ends up; the bench proves that there are lines in it. */
  readonly accessLog: string;
}

/** Starts a proxy in front of the backend. `directory` is its own. */
export type StartProxy = (directory: string, backend: Backend) => Promise<RunningProxy>;
