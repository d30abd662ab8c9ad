import type { Row } from "../context.ts";
import { wrk } from "../load/wrk.ts";
import type { CostGoal } from "../report/costs.ts";
import { CASES, type Case, HOST } from "../scenario/scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** HTTP/1.1 to HTTP/1.1. */
export function throughputRow(name: Case, aim: CostGoal): Row {
  const { path, title, size } = CASES[name];
  return scenarioRow({
    name,
    heading: "CPU of the proxy for each request, in microseconds",
    title,
    aim,
    load: ({ port }, { settings: { connections } }, seconds) =>
      wrk({
        url: `http://127.0.0.1:${port}${path}`,
        host: HOST,
        connections,
        seconds,
        // A small one's head would count as its body.
        size: size > 10_000 ? size : undefined,
      }),
  });
}
