/** The thread behind `Runtime.inWorker`. Its place beside main.ts is what the runtime finds it by. */
import { WORKER_TASKS } from "../../src/cli/worker-tasks.ts";
import { serveTasks } from "../node/threads/worker-thread.ts";

serveTasks(WORKER_TASKS);
