import { expect, test } from "bun:test";
import { PlaneThread } from "../../../src/control/plane-thread.ts";
import { WorkerSlot, type WorkerState } from "../../../src/control/worker-slot.ts";
import type { ThreadEvents, Threads } from "../../../src/net/threads.ts";
import type { Start } from "../../../src/worker/messages.ts";
import { waitFor } from "../../support/wait-for.ts";
import { silentLogger } from "../core/silent-logger.ts";

/** A thread of a test: it answers every order at once, and notes what it got. */
class FakeThread {
  readonly received: string[] = [];
  readonly events: ThreadEvents;

  constructor(events: ThreadEvents) {
    this.events = events;
  }

  post(message: unknown): void {
    const { id, order, tell } = message as { id: number; order?: string; tell?: string };
    this.received.push(order ?? tell ?? "answer");
    if (order !== undefined) queueMicrotask(() => this.events.message({ id, result: order }));
  }

  terminate(): void {
    this.events.ended("terminated");
  }
}

test("a worker that ends is replaced by one that is brought to the same state", async () => {
  const threads: FakeThread[] = [];
  const runtime = {
    start(events: ThreadEvents) {
      const thread = new FakeThread(events);
      threads.push(thread);
      return thread;
    },
  } as unknown as Threads;
  let ends = 0;
  const state = {
    snapshots: ["{}"],
    listen: { shared: true, datagrams: false },
    terminating: false,
    verdicts: [],
    challenges: [],
  } as unknown as WorkerState;
  const slot = new WorkerSlot({
    start: { index: 1 } as Start,
    logger: silentLogger(),
    createThread: (events) => new PlaneThread(runtime, events),
    output() {},
    telemetry() {},
    demand() {},
    askControl: () => Promise.reject(new Error("no question")),
    state: () => state,
    ended: () => ends++,
  });
  await slot.started;
  expect(await slot.order({ order: "reopenLogs" })).toBe("reopenLogs");
  const under = slot.order({ order: "reopenLogs" });
  threads[0].events.ended("on purpose");
  await expect(under).rejects.toThrow("ended");
  await waitFor("the successor to serve", () => threads[1]?.received.includes("health"));
  expect(ends).toBe(1);
  expect(threads[1].received).toEqual(["start", "apply", "listen", "health"]);
  slot.stop();
  expect(threads).toHaveLength(2);
});
