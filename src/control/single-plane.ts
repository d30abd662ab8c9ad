import type { Telemetry } from "../exporters/telemetry.ts";
import { createPlaneProgram, type PlaneProgramOptions } from "../worker/plane-program.ts";
import type { Planes } from "./planes.ts";

export interface SinglePlaneOptions extends Omit<PlaneProgramOptions, "tellTelemetry"> {
  readonly telemetry: Telemetry;
}

/** One data plane, in this thread. Rejects where the static configuration can't work. */
export async function singlePlane({ telemetry, ...options }: SinglePlaneOptions): Promise<Planes> {
  const program = await createPlaneProgram({
    ...options,
    tellTelemetry: (message) => telemetry.receive(0, message),
  });
  if (telemetry.book !== null) telemetry.book.refresh = () => program.metrics?.refresh();
  return {
    started: async () => {},
    apply: (snapshot) => program.plane.apply(snapshot),
    listen: () => program.plane.listen({ shared: false, datagrams: true }),
    tellHealth: (verdicts) => program.plane.tellHealth(verdicts),
    forgetOwners: (owners) => program.metrics?.forget(owners),
    showChallenges: async (certificates) => program.plane.showChallenges(certificates),
    runScheduled: (run) => program.runScheduled(run),
    purge: (middleware, what) => program.plane.purge(middleware, { ...what, shared: true }),
    terminating: () => program.terminating(),
    reopenLogs: () => program.reopenLogs(),
    shutdown: () => program.shutdown(),
  };
}
