import { PASSWORD_TASK } from "../middlewares/http/auth/password-checks.ts";
import { type PasswordQuestion, passwordFits } from "../middlewares/http/auth/password-hash.ts";
import type { WorkerTasks } from "../net/runtime.ts";
import { type DynamicFile, packDynamicFile } from "../providers/file/dynamic-file.ts";

/** What a worker can do, by the name that `Runtime.inWorker` is given. */
export const WORKER_TASKS: WorkerTasks = {
  [PASSWORD_TASK]: (input) => passwordFits(input as PasswordQuestion),
  "read-dynamic-file": (input) => packDynamicFile(input as DynamicFile),
};
