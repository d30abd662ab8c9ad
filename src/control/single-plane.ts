import { createPlaneProgram, type PlaneProgramOptions } from "../worker/plane-program.ts";
import type { Planes } from "./planes.ts";

/** One data plane, in this thread. Rejects where the static configuration can't work. */
export async function singlePlane(options: PlaneProgramOptions): Promise<Planes> {
  const program = await createPlaneProgram(options);
  return {
    started: async () => {},
    apply: (snapshot) => program.plane.apply(snapshot),
    listen: () => program.plane.listen({ shared: false, datagrams: true }),
    tellHealth: (verdicts) => program.plane.tellHealth(verdicts),
    terminating: () => program.terminating(),
    reopenLogs: () => program.reopenLogs(),
    shutdown: () => program.shutdown(),
  };
}
