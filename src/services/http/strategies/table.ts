import type { LoadBalancer } from "../../../config/dynamic/schema.ts";
import { hrw } from "./hrw.ts";
import { leasttime } from "./leasttime.ts";
import { p2c } from "./p2c.ts";
import type { CreateStrategy } from "./strategy.ts";
import { wrr } from "./wrr.ts";

/** What `loadBalancer.strategy` may name. */
export type StrategyName = Exclude<NonNullable<LoadBalancer["strategy"]>, "">;

/** The strategies that Sluice has, by what `loadBalancer.strategy` names. */
export const STRATEGIES: Readonly<Record<StrategyName, CreateStrategy>> = {
  hrw,
  leasttime,
  p2c,
  wrr,
};
