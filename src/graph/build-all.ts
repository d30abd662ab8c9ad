import type { Breather } from "../core/loop/breather.ts";
import type { ElementBuilder } from "./element-builder.ts";

/** Builds all elements of those names; what is wrong stays with the builder. */
export async function buildAll(
  builder: Pick<ElementBuilder<object>, "get">,
  names: Iterable<string>,
  breather?: Breather,
): Promise<void> {
  for (const name of names) {
    const turn = breather?.breathe();
    if (turn !== undefined) await turn;
    try {
      await builder.get(name);
    } catch {
      // It is among the builder's failures.
    }
  }
}
