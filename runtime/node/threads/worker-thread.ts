import { messageOf } from "../../../src/core/errors.ts";
import type { Runtime, WorkerTasks } from "../../../src/net/runtime.ts";

/** What the main thread sends: a task with its input, numbered. */
interface Order {
  readonly id: number;
  readonly task: string;
  readonly input: unknown;
}

type Answer =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: string };

interface Waiting {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/**
 * How long the thread is kept for the next task, in milliseconds: the first task of a new one takes
 * twice as long, and a thread that has read a large configuration holds 100 MB.
 */
const IDLE_TIME = 30_000;

/** `Runtime.inWorker` with one Web Worker, which starts with the first task. */
export function workerThread(start: () => Worker): Runtime["inWorker"] {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;

  const end = () => {
    worker?.terminate();
    worker = undefined;
  };
  const failed = (message: string) => {
    end();
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  };
  const answered = (answer: Answer) => {
    const { resolve, reject } = waiting.get(answer.id)!;
    waiting.delete(answer.id);
    if (waiting.size === 0) idle = setTimeout(end, IDLE_TIME);
    if ("error" in answer) reject(new Error(answer.error));
    else resolve(answer.output);
  };
  const begin = () => {
    const begun = start();
    begun.onmessage = ({ data }) => answered(data as Answer);
    begun.onerror = (event) => {
      event.preventDefault();
      failed(`the worker thread failed: ${event.message}`);
    };
    return begun;
  };

  return (task, input) => {
    clearTimeout(idle);
    const order: Order = { id: ++lastId, task, input };
    return new Promise((resolve, reject) => {
      waiting.set(order.id, { resolve, reject });
      try {
        worker ??= begin();
        worker.postMessage(order);
      } catch (error) {
        waiting.delete(order.id);
        reject(error as Error);
      }
    });
  };
}

/** The worker's side: does what it is sent, one after the other. */
export function serveTasks(tasks: WorkerTasks): void {
  const scope = globalThis as unknown as {
    onmessage: (event: { data: Order }) => void;
    postMessage(answer: Answer): void;
  };
  scope.onmessage = async ({ data: { id, task, input } }) => {
    let answer: Answer;
    try {
      if (!Object.hasOwn(tasks, task)) throw new Error(`there is no task "${task}"`);
      answer = { id, output: await tasks[task](input) };
    } catch (error) {
      answer = { id, error: messageOf(error) };
    }
    scope.postMessage(answer);
  };
}
