import { parentPort, Worker, workerData } from "node:worker_threads";
import { messageOf } from "../../../src/core/errors.ts";
import type { ThreadEvents, ThreadPort, Threads } from "../../../src/net/threads.ts";
import { availableCores } from "./cores.ts";
import { checkPortFree } from "./port-check.ts";

/** Memory that a thread shares with the one that started it, which gets it back at the thread's end. */
export interface Legacy {
  create(): SharedArrayBuffer;
  ended(memory: SharedArrayBuffer): void;
}

/** Threads by node:worker_threads; `program` is the module that they run. */
export function nodeThreads(program: URL, endsHungThreads: boolean, legacy?: Legacy): Threads {
  return {
    get cores() {
      return availableCores();
    },
    endsHungThreads,
    checkPort: checkPortFree,
    start: (events) => start(program, events, legacy),
  };
}

function start(program: URL, events: ThreadEvents, legacy: Legacy | undefined) {
  const memory = legacy?.create();
  const worker = new Worker(program, { workerData: memory });
  let reason = "it ended";
  let over = false;
  worker.on("message", (message) => events.message(message));
  // What it threw; `exit` follows.
  worker.on("error", (error) => {
    reason = messageOf(error);
  });
  worker.on("exit", (code) => {
    if (over) return;
    over = true;
    if (memory !== undefined) legacy?.ended(memory);
    events.ended(code === 0 ? reason : `${reason} (exit code ${code})`);
  });
  return {
    post: (message: unknown) => worker.postMessage(message),
    terminate: () => void worker.terminate(),
  };
}

/** The memory of a thread's Legacy; undefined where it has none. */
export function threadMemory(): SharedArrayBuffer | undefined {
  return (workerData as SharedArrayBuffer | null) ?? undefined;
}

/** The way to the thread that started this one. */
export function threadPort(): ThreadPort {
  const port = parentPort!;
  return {
    post: (message) => port.postMessage(message),
    receive: (callback) => void port.on("message", callback),
  };
}
