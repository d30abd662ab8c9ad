import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Pieces } from "../core/pieces.ts";
import type { AskControl } from "../internal/control-request.ts";
import type { ListenOptions } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { ChallengeCertificate } from "../tls/challenges/challenge-certificates.ts";
import type { Start, Tell } from "../worker/messages.ts";
import type { PlaneThread, PlaneThreadEvents } from "./plane-thread.ts";

/** What a worker is to do; its successor is brought to the same. */
export interface WorkerState {
  /** Packed snapshots that lead to the present state, the newest last; none before the first. */
  readonly snapshots: readonly Pieces[];
  /** Undefined before it may listen. */
  readonly listen: ListenOptions | undefined;
  readonly terminating: boolean;
  readonly verdicts: readonly HealthVerdict[];
  readonly challenges: readonly ChallengeCertificate[];
}

export interface WorkerSlotOptions {
  readonly start: Start;
  readonly logger: Logger;
  readonly createThread: (events: PlaneThreadEvents) => PlaneThread;
  readonly output: PlaneThreadEvents["output"];
  readonly telemetry: PlaneThreadEvents["telemetry"];
  readonly askControl: AskControl;
  readonly demand: PlaneThreadEvents["demand"];
  readonly state: () => WorkerState;
  /** The worker is gone: what it held in shared memory is no longer held. */
  readonly ended: () => void;
}

/** A worker that lived so long begins anew with counting its ends, in milliseconds. */
const STABLE = 10_000;
/** Before the third start within that time; doubled for each further one. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;

/** The place of one worker: its thread, and after that thread's end the next one. */
export class WorkerSlot {
  private readonly options: WorkerSlotOptions;
  private thread!: PlaneThread;
  /** Orders go one after the other. */
  private queue!: Promise<unknown>;
  private startedAt = 0;
  private ends = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopping = false;
  /** That of the first thread's start. */
  readonly started: Promise<unknown>;

  /** Starts. */
  constructor(options: WorkerSlotOptions) {
    this.options = options;
    this.started = this.begin();
    this.started.catch(() => {});
  }

  get index(): number {
    return this.options.start.index;
  }

  /** Has the worker do something once it has done all before it. Rejects as `PlaneThread.order` does. */
  order(order: Parameters<PlaneThread["order"]>[0]): Promise<unknown> {
    const { thread } = this;
    const done = this.queue.then(() => thread.order(order));
    this.queue = done.catch(() => {});
    return done;
  }

  /** Whether the thread that an order was given to has ended: its successor does what is newest. */
  isReplacing(): boolean {
    return !this.thread.alive || this.timer !== undefined;
  }

  tell(message: Tell): void {
    this.thread.post(message);
  }

  /** Ends the thread; the next one starts. */
  replace(): void {
    this.thread.terminate();
  }

  /** Lets what is in flight finish; the thread has no successor any more. Never rejects. */
  async finish(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.order({ order: "shutdown" }).catch(() => {});
  }

  /** Ends the thread for good. */
  stop(): void {
    this.stopping = true;
    clearTimeout(this.timer);
    this.thread.terminate();
  }

  private begin(): Promise<unknown> {
    const { start, logger, output, telemetry, askControl, demand, createThread } = this.options;
    this.timer = undefined;
    this.startedAt = performance.now();
    this.thread = createThread({
      log: (level, message, fields) => logger[level === "panic" ? "fatal" : level](message, fields),
      output,
      telemetry,
      askControl,
      demand,
      ended: (reason) => this.ended(reason),
    });
    const started = this.thread.order({ order: "start", start });
    this.queue = started.catch(() => {});
    return started;
  }

  private ended(reason: string): void {
    const { logger, ended } = this.options;
    ended();
    if (this.stopping) return;
    const lived = performance.now() - this.startedAt;
    this.ends = lived > STABLE ? 1 : this.ends + 1;
    const pause =
      this.ends < 3 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.ends - 3, 16));
    logger.error("A worker has ended, another one takes its place", {
      worker: this.index,
      reason,
      after: `${pause}ms`,
    });
    this.timer = setTimeout(() => void this.succeed(), pause);
  }

  /** Brings a new thread to where the last one was. */
  private async succeed(): Promise<void> {
    const { logger, state } = this.options;
    const started = this.begin();
    const { snapshots, listen, terminating, challenges } = state();
    // All in the queue at once: a newer snapshot that comes meanwhile goes behind these.
    const orders = snapshots.map((snapshot) => this.order({ order: "apply", snapshot }));
    if (challenges.length > 0)
      orders.push(this.order({ order: "challenges", certificates: challenges }));
    if (listen !== undefined) orders.push(this.order({ order: "listen", options: listen }));
    try {
      await Promise.all([started, ...orders]);
      this.tell({ tell: "health", verdicts: state().verdicts });
      if (terminating) this.tell({ tell: "terminating" });
      logger.info("A worker serves again", { worker: this.index });
    } catch (error) {
      logger.error("A worker could not take its place", {
        worker: this.index,
        error: messageOf(error),
      });
      // It ends, and with that comes the next one.
      this.thread.terminate();
    }
  }
}
