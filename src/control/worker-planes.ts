import type { StaticConfiguration } from "../config/static/schema.ts";
import { MemoryCounters } from "../core/counters/memory-counters.ts";
import { SHARED_NUMBERS_BYTES } from "../core/counters/shared-numbers.ts";
import { messageOf } from "../core/errors.ts";
import { LOG_LEVELS, type Logger } from "../core/logger.ts";
import type { Pieces } from "../core/pieces.ts";
import type { Telemetry } from "../exporters/telemetry.ts";
import type { AskControl } from "../internal/control-request.ts";
import { parseHostPort } from "../net/host-port.ts";
import type { AppendFile, Runtime } from "../net/runtime.ts";
import type { Threads } from "../net/threads.ts";
import type { ApplyReport, Listening, ListenOptions } from "../server/data-plane.ts";
import { listenError } from "../server/entry-point/listen-error.ts";
import { isUdp } from "../server/udp-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { ScheduledRun } from "../services/http/handler/scheduled-run.ts";
import { packSnapshot } from "../snapshot/packed-snapshot.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { ChallengeCertificate } from "../tls/challenges/challenge-certificates.ts";
import type { SharedMemory } from "../worker/messages.ts";
import { Heartbeats } from "./heartbeats.ts";
import { PlaneThread } from "./plane-thread.ts";
import type { Planes } from "./planes.ts";
import { WorkerSlot } from "./worker-slot.ts";

export interface WorkerPlanesOptions {
  readonly runtime: Pick<Runtime, "exit"> & { readonly threads: Threads };
  readonly configuration: StaticConfiguration;
  readonly logger: Logger;
  readonly stdout: AppendFile;
  readonly workers: number;
  readonly askControl: AskControl;
  /** Hears of names that clients ask for and no certificate has. */
  readonly demand: (serverName: string) => void;
  readonly telemetry: Telemetry;
  /** What active health checks have found to be down. */
  readonly verdicts: () => readonly HealthVerdict[];
}

/** Snapshots that a successor applies at most: the one in which all was right, and the latest. */
const MAX_SNAPSHOTS = 8;

/** How much longer than the grace times a worker may take to stop, in milliseconds. */
const STOP_PATIENCE = 5_000;

/**
 * A data plane in each of several threads. All listen on the same ports; UDP and HTTP/3 are the first
 * one's, as the kernel can't keep a peer's datagrams on one socket. A worker that ends is replaced.
 */
export class WorkerPlanes implements Planes {
  private readonly options: WorkerPlanesOptions;
  private readonly slots: readonly WorkerSlot[];
  private readonly heartbeats: Heartbeats;
  /** The newest snapshot, and before it what elements that go on as they last worked are from. */
  private snapshots: readonly Pieces[] = [];
  private listenOptions: Omit<ListenOptions, "datagrams"> | undefined;
  private challenges: readonly ChallengeCertificate[] = [];
  private isTerminating = false;

  /** Starts the threads. */
  constructor(options: WorkerPlanesOptions) {
    const { configuration, logger, stdout, workers, runtime } = options;
    this.options = options;
    const memory: SharedMemory = {
      heartbeats: new SharedArrayBuffer(workers * Int32Array.BYTES_PER_ELEMENT),
      requests: new SharedArrayBuffer(SHARED_NUMBERS_BYTES),
      counters: MemoryCounters.allocate(workers),
    };
    // To forget what a worker held that has ended; it counts nothing itself.
    const counters = new MemoryCounters(memory.counters, workers, workers);
    const level = LOG_LEVELS.find((candidate) => logger.enabled(candidate)) ?? "panic";
    this.slots = Array.from(
      { length: workers },
      (_, index) =>
        new WorkerSlot({
          start: { configuration, index, workers, level, memory },
          logger,
          createThread: (events) => new PlaneThread(runtime.threads, events),
          output: (bytes) => stdout.write(bytes),
          telemetry: (message) => options.telemetry.receive(index, message),
          askControl: options.askControl,
          demand: options.demand,
          state: () => ({
            snapshots: this.snapshots,
            listen: this.listenOptions && { ...this.listenOptions, datagrams: index === 0 },
            terminating: this.isTerminating,
            verdicts: options.verdicts(),
            challenges: this.challenges,
          }),
          ended: () => {
            this.heartbeats.forget(index);
            counters.forget(index);
            options.telemetry.workerEnded(index);
          },
        }),
    );
    this.heartbeats = new Heartbeats(memory.heartbeats, (index) => void this.hangs(index));
  }

  forgetOwners(owners: readonly string[]): void {
    for (const slot of this.slots) slot.tell({ tell: "forget", owners });
  }

  async started(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.started));
  }

  async apply(snapshot: Snapshot): Promise<ApplyReport> {
    const packed = packSnapshot(snapshot);
    // A successor that had the newest one alone would disable what goes on in the others.
    const before = this.snapshots;
    this.snapshots = [...before.slice(0, 1), ...before.slice(1).slice(2 - MAX_SNAPSHOTS), packed];
    const outcomes = await Promise.allSettled(
      this.slots.map((slot) => slot.order({ order: "apply", snapshot: packed })),
    );
    let report: ApplyReport | undefined;
    let failure: unknown;
    outcomes.forEach((outcome, i) => {
      if (outcome.status === "fulfilled") report ??= outcome.value as ApplyReport;
      else {
        failure = outcome.reason;
        // The successor of one that has ended begins with the new configuration.
        if (this.slots[i].isReplacing()) return;
        this.options.logger.error("A worker could not apply the new configuration", {
          worker: i,
          version: snapshot.version,
          error: messageOf(outcome.reason),
        });
      }
    });
    if (report === undefined) throw failure;
    if (!goesOn(report)) this.snapshots = [packed];
    return report;
  }

  async listen(): Promise<readonly Listening[]> {
    const entries = Object.entries(this.options.configuration.entryPoints);
    const tcp = entries.filter(([, entry]) => !isUdp(entry));
    for (const [name, { address, reusePort }] of tcp) {
      const { hostname, port } = parseHostPort(address);
      if (reusePort) continue;
      await this.options.runtime.threads.checkPort(hostname, port).catch((error: unknown) => {
        throw listenError(name, port, error);
      });
    }
    const [first, ...others] = this.slots;
    const order = (slot: WorkerSlot, options: Omit<ListenOptions, "datagrams">) =>
      slot.order({
        order: "listen",
        options: { ...options, datagrams: slot === first },
      }) as Promise<Listening[]>;
    // Where the system chooses a port, it is for the others as well.
    const chosen = tcp.some(([, { address }]) => parseHostPort(address).port === 0);
    const firstListening = order(first, { shared: true });
    const ports = chosen ? portsOf(await firstListening) : undefined;
    const options = { shared: true, ports };
    const [listening] = await Promise.all([
      firstListening,
      ...others.map((slot) => order(slot, options)),
    ]);
    this.listenOptions = options;
    return listening;
  }

  tellHealth(verdicts: readonly HealthVerdict[]): void {
    for (const slot of this.slots) slot.tell({ tell: "health", verdicts });
  }

  async showChallenges(certificates: readonly ChallengeCertificate[]): Promise<void> {
    this.challenges = certificates;
    // The successor of one that has ended begins with the newest.
    await Promise.allSettled(
      this.slots.map((slot) => slot.order({ order: "challenges", certificates })),
    );
  }

  async runScheduled(run: ScheduledRun): Promise<void> {
    await this.slots[0].order({ order: "scheduled", run });
  }

  async purge(
    middleware: string,
    what: Parameters<Planes["purge"]>[1],
  ): Promise<number | undefined> {
    const order = (slot: WorkerSlot, shared: boolean) =>
      slot.order({ order: "purge", middleware, purge: { ...what, shared } });
    // First all memories, so that no worker writes to the disk what it was asked to forget.
    const outcomes = await Promise.allSettled(this.slots.map((slot) => order(slot, false)));
    const counts = outcomes.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    if (counts.every((count) => count === undefined)) return undefined;
    const onDisk = await order(this.slots[0], true);
    return [...counts, onDisk].reduce<number>((sum, count) => sum + Number(count ?? 0), 0);
  }

  terminating(): void {
    this.isTerminating = true;
    for (const slot of this.slots) slot.tell({ tell: "terminating" });
  }

  async reopenLogs(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.order({ order: "reopenLogs" })));
  }

  async shutdown(): Promise<void> {
    this.heartbeats.stop();
    const { entryPoints } = this.options.configuration;
    const longest = Object.values(entryPoints).map(({ transport: { lifeCycle } }) => {
      return lifeCycle.requestAcceptGraceTimeout + lifeCycle.graceTimeOut;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, Math.max(0, ...longest) + STOP_PATIENCE);
    });
    // One that ends meanwhile has no successor any more, and nothing to wait for.
    const stopped = this.slots.map((slot) => slot.finish());
    await Promise.race([Promise.all(stopped), enough]);
    clearTimeout(timer);
    for (const slot of this.slots) slot.stop();
  }

  private async hangs(index: number): Promise<void> {
    const { logger, runtime, stdout } = this.options;
    if (runtime.threads.endsHungThreads) {
      logger.error("A worker hangs: it is ended", { worker: index });
      this.slots[index].replace();
      return;
    }
    logger.fatal("A worker hangs, and this runtime can't end it: the process ends", {
      worker: index,
    });
    await stdout.flush().catch(() => {});
    runtime.exit(1);
  }
}

/** True where an element goes on from an earlier snapshot. */
function goesOn({ disabled, tlsErrors }: ApplyReport): boolean {
  return [...disabled, ...tlsErrors].some((one) => one.goesOn === true);
}

function portsOf(listening: readonly Listening[]): Record<string, number> {
  const tcp = listening.filter(({ network }) => network === "tcp");
  return Object.fromEntries(tcp.map(({ entryPoint, address }) => [entryPoint, address.port]));
}
