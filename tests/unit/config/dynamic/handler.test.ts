import { expect, test } from "bun:test";
import { handlerSchema } from "../../../../src/config/dynamic/handler.ts";

const read = (more: object) => handlerSchema.safeParse({ module: "./a.ts", ...more });

test.each([
  ["268435456", 268_435_456],
  ["256MiB", 268_435_456],
  ["256 mb", 256_000_000],
  ["1GiB", 1_073_741_824],
  ["500kB", 500_000],
  ["7B", 7],
])("%s of memory are %d bytes", (memory, bytes) => {
  expect(read({ isolation: "process", limits: { memory } }).data!.limits!.memory).toBe(bytes);
});

test.each([
  [{ limits: { memory: "256MiB" } }, "limits: has an effect with isolation: process only"],
  [{ permissions: { net: ["*"] } }, "permissions: has an effect with isolation: process only"],
  [{ isolation: "process", kv: { path: "./a.kv" } }, "kv: is there without isolation only"],
  [{ env: { KV: "x" }, kv: { path: "./a.kv" } }, "env.KV: is the name of the store"],
  [{ isolation: "process", schedule: [] }, "schedule: is there without isolation only"],
  [{ schedule: ["* * *"] }, "schedule.0: expected a cron pattern"],
  [{ schedule: ["* * * * *", "61 * * * *"] }, "schedule.1: expected a cron pattern"],
  [{ timeZone: "Europe/Nowhere" }, "timeZone: expected a time zone"],
  [{ kv: { path: "" } }, "kv.path: expected a path"],
  [{ isolation: "worker" }, "isolation: a thread is no limit"],
  [{ isolation: "thread" }, "isolation: expected one of none, worker, process"],
  [{ isolation: "process", limits: { memory: "much" } }, "limits.memory: expected a size"],
  [{ isolation: "process", limits: { memory: "0" } }, "limits.memory: expected a size"],
  [{ isolation: "process", limits: { instances: 0 } }, "limits.instances: "],
  [{ isolation: "process", permissions: { all: ["*"] } }, "permissions: "],
])("%j is refused", (more, message) => {
  const { error } = read(more);
  const issues = error!.issues.map(({ path, message: text }) => `${path.join(".")}: ${text}`);
  expect(issues.join("\n")).toContain(message);
});

test("what isn't said is the default", () => {
  expect(read({}).data).toEqual({ module: "./a.ts" });
  expect(read({ isolation: "process", limits: {} }).data!.limits).toEqual({
    unresponsive: 10_000,
    instances: 1,
  });
});
