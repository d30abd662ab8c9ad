import { ptr } from "bun:ffi";
import { now } from "../../../src/core/timers.ts";
import { COMMAND_WORDS, Command } from "./commands.ts";
import type { DescriptorSet } from "./descriptor-set.ts";
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  errnoOf,
  IPPROTO_TCP,
  type Libc,
  O_CLOEXEC,
  TCP_CLOSE,
  TCP_INFO,
} from "./libc.ts";
import { PipePool } from "./pipe-pool.ts";
import { type RelayKeeper, type Scratch, SplicedRelay } from "./spliced-relay.ts";

/** Events that are taken at once. */
const EVENTS = 256;
/** Bytes of struct epoll_event, which is packed on x64 only, and the place of its data in words. */
const EVENT_WORDS = process.arch === "x64" ? 3 : 4;
const DATA_WORD = process.arch === "x64" ? 1 : 2;
/** Bytes. */
const SCRATCH = 16 * 1024;
/** Milliseconds between looks at deadlines. */
const TICK = 50;
/** The commands' pipe among the events; relays' sides have numbers from 0. */
const COMMANDS = -1;

/**
 * Moves bytes between pairs of sockets in a thread of its own, which does nothing else: it waits
 * in epoll and never returns to the event loop.
 */
export class SpliceLoop implements RelayKeeper {
  readonly errno: Int32Array;
  readonly scratch: Scratch;
  splices = true;
  private readonly libc: Libc;
  private readonly epoll: number;
  private readonly commands: number;
  private readonly report: (ended: number[]) => void;
  private readonly pipes: PipePool;
  private readonly event = new Int32Array(EVENT_WORDS);
  private readonly events = new Int32Array(EVENTS * EVENT_WORDS);
  /** The first byte of struct tcp_info, and how many are asked for. */
  private readonly state = new Uint8Array(1);
  private readonly length = new Int32Array(1);
  private readonly orders = new Int32Array(COMMAND_WORDS * 64);
  private readonly slots: (SplicedRelay | null)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly relays = new Map<number, SplicedRelay>();
  /** Those that have used up their turn or wait for a pipe. */
  private waiting: SplicedRelay[] = [];
  private ended: number[] = [];
  /** Ended while events of this round may still name them. */
  private leaving: number[] = [];
  /** Those that have a deadline. */
  private readonly deadlines = new Set<SplicedRelay>();
  private swept = 0;
  private running = true;

  constructor(
    libc: Libc,
    commands: number,
    held: DescriptorSet,
    report: (ended: number[]) => void,
  ) {
    this.libc = libc;
    this.commands = commands;
    this.report = report;
    this.pipes = new PipePool(libc, held);
    this.errno = errnoOf(libc);
    const bytes = new Uint8Array(SCRATCH);
    this.scratch = { bytes, address: ptr(bytes) };
    this.epoll = libc.epoll_create1(O_CLOEXEC);
    if (this.epoll < 0) throw new Error("epoll_create1 failed");
    held.add(this.epoll);
    if (!this.watch(commands, EPOLLIN, COMMANDS)) throw new Error("epoll_ctl failed");
  }

  /** Until it is told to stop. */
  run(): void {
    const { libc, epoll, events } = this;
    const address = ptr(events);
    while (this.running) {
      const patience = this.waiting.length > 0 ? 1 : this.deadlines.size > 0 ? TICK : -1;
      const count = libc.epoll_wait(epoll, address, EVENTS, patience);
      const time = this.deadlines.size > 0 ? now() : 0;
      for (let at = 0; at < count * EVENT_WORDS; at += EVENT_WORDS) {
        const number = events[at + DATA_WORD];
        if (number === COMMANDS) this.obey();
        else this.slots[number >> 1]?.happened(number & 1, events[at], time);
      }
      this.goOn(time);
      if (time - this.swept >= TICK) this.sweep(time);
      this.settle();
    }
  }

  /** A relay is through, one way or the other. */
  left(relay: SplicedRelay): void {
    this.relays.delete(relay.id);
    // The main thread closes them; their events must not be taken for those of the slot's next one.
    for (const fd of relay.descriptors)
      this.libc.epoll_ctl(this.epoll, EPOLL_CTL_DEL, fd, ptr(this.event));
    this.leaving.push(relay.slot);
    this.ended.push(relay.id, relay.received[0], relay.received[1]);
    this.deadlines.delete(relay);
  }

  broken(fd: number): boolean {
    const { state, length } = this;
    length[0] = 1;
    const failed = this.libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(state), ptr(length)) < 0;
    return failed || state[0] === TCP_CLOSE;
  }

  timed(relay: SplicedRelay): void {
    this.deadlines.add(relay);
  }

  later(relay: SplicedRelay): void {
    this.waiting.push(relay);
  }

  private watch(fd: number, events: number, number: number): boolean {
    this.event[0] = events;
    this.event[DATA_WORD] = number;
    return this.libc.epoll_ctl(this.epoll, EPOLL_CTL_ADD, fd, ptr(this.event)) === 0;
  }

  private obey(): void {
    const { libc, orders } = this;
    const bytes = libc.read(this.commands, ptr(orders), orders.byteLength);
    for (let at = 0; at < bytes / 4; at += COMMAND_WORDS) {
      const [kind, id, a, b, idleTimeout, terminationDelay] = orders.subarray(at);
      if (kind === Command.join) this.join(id, [a, b, idleTimeout, terminationDelay]);
      else if (kind === Command.reset) this.relays.get(id)?.reset();
      else if (kind === Command.stop) this.running = false;
    }
    if (!this.running) for (const relay of this.relays.values()) relay.reset();
  }

  private join(id: number, sides: readonly [number, number, number, number]): void {
    const [a, b] = sides;
    const slot = this.freeSlots.pop() ?? this.slots.length;
    const relay = new SplicedRelay(this, this.libc, this.pipes, id, slot, sides, now());
    this.slots[slot] = relay;
    this.relays.set(id, relay);
    // Edges: what is ready now is told at once, later only what becomes ready.
    const events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    if (!this.watch(a, events, slot * 2) || !this.watch(b, events, slot * 2 + 1)) relay.reset();
  }

  private goOn(time: number): void {
    if (this.waiting.length === 0) return;
    const turn = this.waiting;
    this.waiting = [];
    for (const relay of turn) relay.again(time);
  }

  private sweep(time: number): void {
    this.swept = time;
    for (const relay of this.deadlines) {
      if (relay.deadline !== 0 && relay.deadline <= time) relay.expired();
    }
  }

  private settle(): void {
    for (const slot of this.leaving) {
      this.slots[slot] = null;
      this.freeSlots.push(slot);
    }
    this.leaving.length = 0;
    if (this.ended.length === 0) return;
    this.report(this.ended);
    this.ended = [];
  }
}
