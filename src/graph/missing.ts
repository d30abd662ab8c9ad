import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";

/** Why a name refers to nothing: nobody defines it, or what it names was left out for its errors. */
export function missing(snapshot: Snapshot, kind: DisabledElement["kind"], name: string): Error {
  const disabled = snapshot.disabled.some(
    (element) => element.kind === kind && element.name === name,
  );
  return new Error(`the ${kind} "${name}" ${disabled ? "is disabled" : "does not exist"}`);
}
