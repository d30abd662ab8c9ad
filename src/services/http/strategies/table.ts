import type { CreateStrategy } from "./strategy.ts";
import { wrr } from "./wrr.ts";

/** What `loadBalancer.strategy` may name. */
export const STRATEGIES = { wrr } as const satisfies Readonly<Record<string, CreateStrategy>>;

/** The strategy of that name; `wrr` for "". Throws where there is none. */
export function strategyOf(name: string): CreateStrategy {
  const known: Readonly<Record<string, CreateStrategy>> = STRATEGIES;
  const found = name === "" ? STRATEGIES.wrr : Object.hasOwn(known, name) ? known[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(STRATEGIES).map((each) => JSON.stringify(each));
  throw new Error(`strategy: expected one of ${names.join(", ")}, found ${JSON.stringify(name)}`);
}
