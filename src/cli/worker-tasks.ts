import type { WorkerTasks } from "../net/runtime.ts";
import { type DynamicFile, packDynamicFile } from "../providers/file/dynamic-file.ts";

/** What a worker can do, by the name that `Runtime.inWorker` is given. */
export const WORKER_TASKS: WorkerTasks = {
  "read-dynamic-file": (input) => packDynamicFile(input as DynamicFile),
};
