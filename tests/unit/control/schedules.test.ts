import { expect, test } from "bun:test";
import { Schedules } from "../../../src/control/schedules.ts";
import type { Logger } from "../../../src/core/logger.ts";
import type { ScheduledRun } from "../../../src/services/http/handler/scheduled-run.ts";
import type { DisabledElement, Snapshot } from "../../../src/snapshot/snapshot.ts";
import { waitFor } from "../../support/wait-for.ts";

const EVERY_SECOND = "* * * * * *";

function snapshot(version: string, schedule: string[] = [EVERY_SECOND]): Snapshot {
  const handler = { module: "/app.ts", env: { A: "1" }, schedule, timeZone: "Europe/Berlin" };
  return {
    services: { "app@file": { handler }, "other@file": { handler: { module: "/o.ts" } } },
    moduleVersions: { "/app.ts": version },
  } as unknown as Snapshot;
}

function scene(run: (run: ScheduledRun) => Promise<void>) {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const logger = { warn: say, error: say } as unknown as Logger;
  const schedules = new Schedules({ logger, run });
  return { lines, schedules, [Symbol.dispose]: () => schedules.stop() };
}

test("runs come one after the other, of the newest version; one that is late is skipped, and that is said", async () => {
  const runs: ScheduledRun[] = [];
  const first = Promise.withResolvers<void>();
  using it = scene((run) => {
    runs.push(run);
    return runs.length === 1 ? first.promise : Promise.resolve();
  });
  it.schedules.follow(snapshot("1"), []);
  await waitFor("a run that is skipped", () => it.lines.length > 0);
  expect(it.lines[0]).toStartWith("A scheduled run was skipped");
  expect(runs).toHaveLength(1);
  const { scheduledTime, ...of } = runs[0];
  expect(of).toEqual({
    service: "app@file",
    module: "/app.ts",
    version: "1",
    cron: EVERY_SECOND,
    variables: { A: "1" },
    kv: undefined,
  });
  expect(scheduledTime % 1000).toBe(0);
  it.schedules.follow(snapshot("2"), []);
  first.resolve();
  await waitFor("another run", () => runs.length > 1);
  expect(runs[1].version).toBe("2");
});

test("a run that a worker took with it is logged, and the next one comes", async () => {
  let runs = 0;
  using it = scene(() => {
    runs++;
    return Promise.reject(new Error("gone"));
  });
  it.schedules.follow(snapshot("1"), []);
  await waitFor("two runs", () => runs > 1);
  expect(it.lines).toContain("A scheduled run came to no end");
});

test("a service that is disabled, or has no schedule any more, is not run", async () => {
  const seen: string[] = [];
  using it = scene(async ({ cron }) => void seen.push(cron));
  const disabled = { kind: "service", name: "app@file", errors: ["x"] } as DisabledElement;
  it.schedules.follow(snapshot("1", ["*/1 * * * * *"]), []);
  it.schedules.follow(snapshot("1", ["*/1 * * * * *"]), [disabled]);
  using other = scene(async ({ cron }) => void seen.push(cron));
  other.schedules.follow(snapshot("1", ["0-59 * * * * *"]), []);
  await waitFor("two runs of the other", () => seen.length > 1);
  expect(new Set(seen)).toEqual(new Set(["0-59 * * * * *"]));
  // As it last worked.
  it.schedules.follow(snapshot("1"), [{ ...disabled, goesOn: true }]);
  await waitFor("a run of that which goes on", () => seen.includes(EVERY_SECOND));
});
