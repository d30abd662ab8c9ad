import type { DisabledElement } from "../snapshot/snapshot.ts";
import { MissingElement } from "./element-builder.ts";

/**
 * Why a name refers to nothing: it is configured nowhere, or what it names was left out for its
 * errors. `kind` as messages call it.
 */
export function missing(
  disabled: readonly DisabledElement[],
  element: DisabledElement["kind"],
  kind: string,
  name: string,
): Error {
  const left = disabled.some((one) => one.kind === element && one.name === name);
  return left ? new Error(`the ${kind} "${name}" is disabled`) : new MissingElement(kind, name);
}
