import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { now } from "../core/timers.ts";
import { type HttpClient, textOf } from "../net/clients/http-client.ts";
import type {
  HandlerProcess,
  HandlerProcessOptions,
  ModulePermissions,
} from "../net/host/handler-processes.ts";
import type { Runtime } from "../net/runtime.ts";
import { CLIENT_FIELD, PING } from "../services/http/handler/isolated/client-field.ts";
import { OutputLines } from "./output-lines.ts";
import { processUsage } from "./process-usage.ts";

/** One that was ready for so long begins anew with counting its ends. Milliseconds, like all below. */
const STABLE = 10_000;
/** Before the second start within that time; doubled for each further one. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
/** Its ends are told one by one before this one, which is told as a loop; then no more. */
const LOOP = 3;
/** How long the runtime and the module may take until the module is loaded. */
const LOADING = 60_000;
/** A process that starts answers no ping at first, whatever `unresponsive` is. */
const STARTING = 30_000;
/** Between two pings: the first, of one that is not ready, and of one that is. */
const FIRST_PING = 10;
const STARTING_PING = 250;
const READY_PING = 1_000;
/** Between two looks at its memory. */
const LOOK = 250;
/** Characters of an error. */
const LONGEST_ERROR = 4096;

export interface InstanceOptions {
  readonly runtime: Pick<Runtime, "handlerProcesses" | "httpClient" | "files">;
  readonly logger: Logger;
  /** Qualified. */
  readonly service: string;
  readonly index: number;
  readonly module: string;
  readonly socket: string;
  readonly variables: () => Promise<Readonly<Record<string, string>>>;
  readonly permissions: ModulePermissions;
  /** Bytes; 0 for any. */
  readonly memory: number;
  /** Milliseconds without an answer, after which it is replaced. */
  readonly unresponsive: number;
  /** It answers pings, again and again while it does; or it doesn't any more. */
  readonly report: (up: boolean) => void;
  /** It can't become ready, and why. */
  readonly failed: (reason: string) => void;
}

export type InstanceStatus = "starting" | "ready" | "restarting" | "draining" | "stopped";

/** The place of one process of a function: the process, and after its end the next one. */
export class Instance {
  status: InstanceStatus = "starting";
  restarts = 0;
  /** Bytes, seconds and milliseconds as last seen. */
  memory = 0;
  cpu = 0;
  latency = 0;
  private readonly options: InstanceOptions;
  private child: HandlerProcess | undefined;
  private readyAt = 0;
  private ends = 0;
  /** Why it is being killed. */
  private cause: string | undefined;
  private client: HttpClient | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly over = Promise.withResolvers<void>();

  constructor(options: InstanceOptions) {
    this.options = options;
    void this.start();
  }

  get index(): number {
    return this.options.index;
  }

  get socket(): string {
    return this.options.socket;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Lets what is in flight finish for so many milliseconds at the most. Resolves when the process is gone. */
  async drain(grace: number): Promise<void> {
    clearTimeout(this.timer);
    const { child } = this;
    this.status = child === undefined ? "stopped" : "draining";
    if (child === undefined) return;
    this.client?.close();
    child.drain();
    this.timer = setTimeout(() => child.kill(), grace);
    await this.over.promise;
    clearTimeout(this.timer);
  }

  private get isStopping(): boolean {
    return this.status === "draining" || this.status === "stopped";
  }

  private async start(): Promise<void> {
    const { runtime, module, socket, permissions } = this.options;
    this.cause = undefined;
    let child: HandlerProcess | undefined;
    try {
      const variables = await this.options.variables();
      // What the one before has left.
      await runtime.files.remove(socket).catch(() => {});
      if (this.isStopping) return;
      const { output, close } = this.output();
      child = runtime.handlerProcesses.start({
        module,
        name: module,
        socket,
        variables,
        permissions,
        output,
        ended: (reason) => {
          close();
          this.ended(this.cause ?? reason);
        },
      });
    } catch (error) {
      this.ended(messageOf(error));
      return;
    }
    this.child = child;
    void this.watchAnswers(child);
    void this.watchUsage(child);
  }

  private output(): Pick<HandlerProcessOptions, "output"> & { close(): void } {
    const { logger, service, index } = this.options;
    const fields = { serviceName: service, instance: index };
    const left = (count: number) =>
      logger.warn("A function writes too much: lines are left out", { ...fields, lines: count });
    const lines = {
      stdout: new OutputLines((line) => logger.info(line, fields), left),
      stderr: new OutputLines((line) => logger.error(line, fields), left),
    };
    return {
      output: (stream, bytes) => lines[stream].write(bytes, Date.now()),
      close() {
        lines.stdout.end(Date.now());
        lines.stderr.end(Date.now());
      },
    };
  }

  /** Pings the process until it has ended. */
  private async watchAnswers(child: HandlerProcess): Promise<void> {
    const { runtime, socket, unresponsive } = this.options;
    const client = runtime.httpClient({ socketPath: socket });
    this.client = client;
    const startedAt = now();
    let answeredAt = startedAt;
    let everAnswered = false;
    let pause = FIRST_PING;
    while (this.child === child && !this.isStopping) {
      const patience = everAnswered ? unresponsive : Math.max(unresponsive, STARTING);
      const sentAt = now();
      const status = await this.ping(client, Math.max(1, answeredAt + patience - sentAt));
      if (this.child !== child || this.isStopping) break;
      const time = now();
      if (status !== undefined) {
        answeredAt = time;
        everAnswered = true;
      } else if (time - answeredAt >= patience) {
        this.kill(child, `it has not answered for ${Math.round(time - answeredAt)}ms`);
        break;
      }
      if (status === 200) {
        this.latency = time - sentAt;
        this.isReady();
      } else if (status !== undefined && typeof status === "string") {
        this.kill(child, status);
        this.options.failed(status);
        break;
      } else if (this.status !== "ready" && time - startedAt > LOADING) {
        this.kill(child, `it is not ready after ${LOADING}ms`);
        break;
      }
      pause =
        this.status === "ready"
          ? Math.min(READY_PING, unresponsive / 4)
          : Math.min(STARTING_PING, pause * 2);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    client.close();
  }

  /** A status; the reason why the module can't be loaded; undefined without an answer in time. */
  private async ping(
    client: HttpClient,
    milliseconds: number,
  ): Promise<number | string | undefined> {
    try {
      const response = await client.request({
        url: "http://function/",
        headers: { [CLIENT_FIELD]: PING },
        signal: AbortSignal.timeout(milliseconds),
      });
      const text = await textOf(response, LONGEST_ERROR * 4);
      return response.status === 500 ? text.slice(0, LONGEST_ERROR) : response.status;
    } catch {
      return undefined;
    }
  }

  private async watchUsage(child: HandlerProcess): Promise<void> {
    const { runtime, memory: limit } = this.options;
    while (this.child === child) {
      const usage = await processUsage(runtime.files, child.pid);
      if (this.child !== child) return;
      if (usage !== undefined) {
        this.memory = usage.memory;
        this.cpu = usage.cpu;
        if (limit !== 0 && usage.memory > limit) {
          this.kill(child, `it uses ${usage.memory} bytes of memory, and ${limit} are its limit`);
          return;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, limit === 0 ? READY_PING : LOOK));
    }
  }

  private isReady(): void {
    const { logger, service, report } = this.options;
    if (this.status !== "ready") {
      this.status = "ready";
      this.readyAt = now();
      logger.debug("A function is ready", { serviceName: service, instance: this.index });
    }
    report(true);
  }

  private kill(child: HandlerProcess, cause: string): void {
    this.cause ??= cause;
    this.options.report(false);
    child.kill();
  }

  private ended(reason: string): void {
    const wasReady = this.status === "ready";
    this.child = undefined;
    this.memory = 0;
    if (this.isStopping) {
      this.status = "stopped";
      this.over.resolve();
      return;
    }
    this.options.report(false);
    const stable = wasReady && now() - this.readyAt > STABLE;
    this.ends = stable ? 1 : this.ends + 1;
    this.restarts++;
    this.status = "restarting";
    const pause =
      this.ends === 1 ? 0 : Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.ends - 2, 16));
    this.tellEnd(reason, pause);
    if (!wasReady && this.ends >= LOOP) this.options.failed(reason);
    this.timer = setTimeout(() => {
      this.status = "starting";
      void this.start();
    }, pause);
  }

  private tellEnd(reason: string, pause: number): void {
    const { logger, service } = this.options;
    const fields = { serviceName: service, instance: this.index, reason };
    if (this.ends < LOOP)
      logger.error("A function's process has ended, another one takes its place", {
        ...fields,
        after: `${pause}ms`,
      });
    else if (this.ends === LOOP)
      logger.error(
        "A function's process ends again and again: it is started after longer and longer pauses",
        fields,
      );
    else logger.debug("A function's process has ended again", fields);
  }
}
