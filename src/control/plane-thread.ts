import { messageOf } from "../core/errors.ts";
import type { LogFields, LogLevel } from "../core/logger.ts";
import type { AskControl, ControlRequest } from "../internal/control-request.ts";
import type { Thread, Threads } from "../net/threads.ts";
import type { TelemetryMessage } from "../telemetry/telemetry-message.ts";
import type { FromWorker, Order, ToWorker } from "../worker/messages.ts";

export interface PlaneThreadEvents {
  log(level: LogLevel, message: string, fields: LogFields): void;
  /** For standard output. */
  output(bytes: Uint8Array): void;
  telemetry(message: TelemetryMessage): void;
  /** A client asked for a name that no certificate has. */
  demand(serverName: string): void;
  /** The worker asks something that the control plane answers. */
  readonly askControl: AskControl;
  /** The thread is gone, and why. Called once. */
  ended(reason: string): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The thread of one worker, and the orders that it has not answered yet. */
export class PlaneThread {
  /** False once it has ended. */
  alive = true;
  private readonly thread: Thread;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** Starts it. */
  constructor(threads: Threads, events: PlaneThreadEvents) {
    this.thread = threads.start({
      message: (message) => this.receive(message as FromWorker, events),
      ended: (reason) => {
        this.alive = false;
        for (const { reject } of this.waiting.values())
          reject(new Error(`the worker ended: ${reason}`));
        this.waiting.clear();
        events.ended(reason);
      },
    });
  }

  /** Resolves with the answer. Rejects with the worker's error, or where it ends before it answers. */
  order(order: Order): Promise<unknown> {
    if (!this.alive) return Promise.reject(new Error("the worker has ended"));
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ ...order, id });
    });
  }

  post(message: ToWorker): void {
    if (this.alive) this.thread.post(message);
  }

  terminate(): void {
    this.thread.terminate();
  }

  private async answer(
    id: number,
    request: ControlRequest,
    { askControl }: PlaneThreadEvents,
  ): Promise<void> {
    try {
      this.post({ answer: id, response: await askControl(request) });
    } catch (error) {
      this.post({ answer: id, error: messageOf(error) });
    }
  }

  private receive(message: FromWorker, events: PlaneThreadEvents): void {
    if ("log" in message) events.log(message.log, message.message, message.fields);
    else if ("telemetry" in message) events.telemetry(message.telemetry);
    else if ("demand" in message) events.demand(message.demand);
    else if ("output" in message) events.output(message.output);
    else if ("ask" in message) void this.answer(message.ask, message.request, events);
    else {
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if ("error" in message) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message.result);
    }
  }
}
