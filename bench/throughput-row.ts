import type { Row } from "./bench-context.ts";
import { type CostGoal, costResult } from "./comparison.ts";
import { load } from "./load.ts";
import { CASES, type Case, HOST } from "./scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** HTTP/1.1 to HTTP/1.1. */
export function throughputRow(name: Case, aim: CostGoal): Row {
  const { path, title } = CASES[name];
  return scenarioRow({
    name,
    title,
    load: ({ port }, { settings: { connections } }, seconds) =>
      load({ url: `http://127.0.0.1:${port}${path}`, host: HOST, connections, seconds }),
    result: (costs) =>
      costResult(
        "CPU of the proxy for each request, in microseconds",
        "requests",
        title,
        aim,
        costs,
      ),
  });
}
