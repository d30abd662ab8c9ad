import { expect, test } from "bun:test";
import { availableCores, quota } from "../../../runtime/node/threads/cores.ts";

/** Reads files of a map; the others aren't there. */
const reading = (files: Readonly<Record<string, string>>) => (path: string) => {
  if (!Object.hasOwn(files, path)) throw new Error(`ENOENT ${path}`);
  return files[path];
};

test("without cgroups there is no quota, and at least one processor", () => {
  expect(quota(reading({}))).toBe(Number.POSITIVE_INFINITY);
  expect(availableCores(reading({}))).toBeGreaterThanOrEqual(1);
});

test("version 2: the smallest limit of the group and of those above it", () => {
  const files = {
    "/proc/self/cgroup": "0::/pod/app\n",
    "/sys/fs/cgroup/pod/app/cpu.max": "max 100000\n",
    "/sys/fs/cgroup/pod/cpu.max": "150000 100000\n",
  };
  expect(quota(reading(files))).toBe(1.5);
});

test("version 1: quota and period, -1 for none", () => {
  const files = {
    "/proc/self/cgroup": "4:memory:/x\n3:cpu,cpuacct:/app\n",
    "/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us": "50000",
    "/sys/fs/cgroup/cpu/app/cpu.cfs_period_us": "100000",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
  };
  expect(quota(reading(files))).toBe(0.5);
  expect(availableCores(reading(files))).toBe(1);
});
