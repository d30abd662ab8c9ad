import { expect, test } from "bun:test";
import { Background } from "../../../../../src/services/http/handler/background.ts";
import { runScheduled } from "../../../../../src/services/http/handler/scheduled-run.ts";

const RUN = {
  service: "app@file",
  module: "/app.ts",
  version: "1",
  cron: "* * * * *",
  scheduledTime: 60_000,
  variables: {},
};

async function logged(module: unknown): Promise<string[]> {
  const lines: string[] = [];
  const logger = {
    error: (message: string, { serviceName, error }: Record<string, unknown> = {}) =>
      void lines.push(`${message} ${String(serviceName)}: ${String(error)}`),
  };
  const background = new Background();
  await runScheduled(RUN, {
    load: async () => module,
    env: async () => ({ A: "1" }),
    logger,
    background,
  });
  expect(await background.settled(1_000)).toBe(true);
  return lines;
}

test("scheduled gets the controller, the environment and a context, and is this of its object", async () => {
  const seen: unknown[] = [];
  const done: string[] = [];
  const module = {
    default: {
      name: "own",
      async scheduled(
        controller: { cron: string; scheduledTime: number; type: string; noRetry(): void },
        env: unknown,
        context: { waitUntil(work: Promise<unknown>): void },
      ) {
        controller.noRetry();
        seen.push(controller.cron, controller.scheduledTime, controller.type, env, this.name);
        context.waitUntil(
          Bun.sleep(5).then(() => context.waitUntil(Promise.resolve(done.push("x")))),
        );
      },
    },
  };
  expect(await logged(module)).toEqual([]);
  expect(seen).toEqual(["* * * * *", 60_000, "scheduled", { A: "1" }, "own"]);
  expect(done).toEqual(["x"]);
});

test.each<[what: string, module: unknown, error: string]>([
  ["none", { default: () => {} }, "module /app.ts: expected a function scheduled"],
  ["one that throws", { scheduled: () => Promise.reject(new Error("no")) }, "no"],
  [
    "one whose work fails later",
    {
      scheduled: (_: unknown, __: unknown, c: { waitUntil(w: unknown): void }) =>
        c.waitUntil(Promise.reject(new Error("late"))),
    },
    "late",
  ],
])("%s is logged with the service's name", async (_, module, error) => {
  const lines = await logged(module);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toStartWith(`A scheduled run failed app@file: ${error}`);
});
