import type { Result } from "../context.ts";
import type { Cost } from "../measure/together.ts";
import { figure, goal, ratio } from "./figures.ts";

/** Sluice's cost at most so many times that of others; their names as in the columns. */
export type CostGoal = Readonly<Record<string, number>>;

/** A line of CPU costs; less is better. Sluice is the first; `names` are the columns. */
export function costResult(
  heading: string,
  title: string,
  aim: CostGoal,
  names: readonly string[],
  costs: readonly Cost[],
): Result {
  return comparedResult(heading, title, names, costs, ({ cpu }) => cpu, false, aim);
}

/**
 * A line of what a second of the proxy's CPU is good for; more is better. A request counts as
 * `each` of the unit.
 */
export function yieldResult(
  heading: string,
  title: string,
  each: number,
  aim: CostGoal,
  names: readonly string[],
  costs: readonly Cost[],
): Result {
  const value = ({ cpu }: Cost) => (each * 1e6) / cpu;
  return comparedResult(heading, title, names, costs, value, true, aim);
}

function comparedResult(
  heading: string,
  title: string,
  names: readonly string[],
  costs: readonly Cost[],
  value: (cost: Cost) => number,
  moreIsBetter: boolean,
  aim: CostGoal,
): Result {
  const values = new Map(costs.map((cost) => [cost.name, value(cost)]));
  const [sluice, ...others] = names;
  const own = values.get(sluice)!;
  const cell = (name: string, show: (value: number) => string) => {
    const seen = values.get(name);
    return seen === undefined ? "-" : show(seen);
  };
  const aims = Object.entries(aim).filter(([name]) => values.has(name));
  const reached = aims.every(([name, times]) => {
    const limit = times * values.get(name)!;
    return moreIsBetter ? own >= limit : own <= limit;
  });
  const wording = aims.map(([name, times]) => `${times.toFixed(2)} ${name}`).join(", ");
  return {
    heading,
    columns: ["case", ...names, ...others.map((name) => `${sluice} / ${name}`), "goal"],
    lines: [
      [
        title,
        ...names.map((name) => cell(name, figure)),
        ...others.map((name) => cell(name, (seen) => ratio(own, seen))),
        aims.length === 0 ? "" : goal(`at ${moreIsBetter ? "least" : "most"} ${wording}`, reached),
      ],
    ],
    data: costs,
  };
}
