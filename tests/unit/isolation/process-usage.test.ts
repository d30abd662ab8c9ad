import { expect, test } from "bun:test";
import { nodeFiles } from "../../../runtime/node/files.ts";
import { processUsage } from "../../../src/isolation/process-usage.ts";

test("a process's memory and processor time are the system's; of one that is gone there are none", async () => {
  const before = process.cpuUsage();
  const usage = await processUsage(nodeFiles, process.pid);
  expect(usage!.memory).toBeGreaterThan(1_000_000);
  expect(usage!.cpu).toBeGreaterThanOrEqual((before.user + before.system) / 1e6 - 0.1);
  expect(await processUsage(nodeFiles, 2 ** 30)).toBeUndefined();
});
