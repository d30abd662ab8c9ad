import { type Pointer, ptr } from "bun:ffi";
import { now } from "../../../src/core/timers.ts";
import {
  EAGAIN,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  type Libc,
  MSG_NOSIGNAL,
  SHUT_WR,
  SO_LINGER,
  SOL_SOCKET,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from "./libc.ts";
import { type PipePool, readEnd, writeEnd } from "./pipe-pool.ts";

/** Memory that small messages pass, of all relays one after the other. */
export interface Scratch {
  readonly bytes: Uint8Array;
  readonly address: Pointer;
}

/** Who looks after it. */
export interface RelayKeeper {
  readonly errno: Int32Array;
  readonly scratch: Scratch;
  /** False where a splice was refused for no reason of the connection's. */
  splices: boolean;
  /** The connection of a socket is over, other than by FINs of both sides. */
  broken(fd: number): boolean;
  /** It is over: its descriptors are to be closed. */
  left(relay: SplicedRelay): void;
  later(relay: SplicedRelay): void;
  /** It has a deadline from now on. */
  timed(relay: SplicedRelay): void;
}

const FLAGS = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
/** Bytes asked of a splice: as many as the pipe takes. */
const MOST = 1 << 20;
/** Bytes of one direction before others have their turn. */
const TURN = 1 << 20;
/** Bytes at a time from which on splicing is cheaper. */
const BULK = 32 * 1024;
/** Refusals that a relay survives. */
const REFUSALS = 1000;
/** SO_LINGER with a time of 0: close sends RST. */
const LINGER = Int32Array.of(1, 0);

/** One way through a relay: from its socket to the other one. */
interface Way {
  readonly from: number;
  readonly to: number;
  /** `from` has bytes, or its end; `to` takes some. Known from edges, until a call says otherwise. */
  readable: boolean;
  writable: boolean;
  /** FIN or urgent data has been seen: less than was asked for isn't all that there is. */
  doubtful: boolean;
  /** Much comes at a time: it is spliced, not copied. */
  bulk: boolean;
  /** Bytes that have come since the socket was last found empty. */
  burst: number;
  /** Bytes under way: in a pipe (-1 for none), or in memory, which small messages are copied to. */
  held: number;
  pipe: number;
  rest: Uint8Array | null;
  /** `from` has sent FIN; it was passed on. */
  ended: boolean;
  done: boolean;
}

/** Two sockets whose bytes go to each other. */
export class SplicedRelay {
  readonly id: number;
  readonly slot: number;
  readonly received: [number, number] = [0, 0];
  deadline = 0;
  /** Its deadline is looked after. */
  timed = false;
  private readonly keeper: RelayKeeper;
  private readonly libc: Libc;
  private readonly pipes: PipePool;
  private readonly ways: readonly [Way, Way];
  private readonly idleTimeout: number;
  private readonly terminationDelay: number;
  private open = true;
  private queued = false;
  /** A FIN was passed on: bytes don't move the deadline any more. */
  private terminating = false;
  /** Its time is over: what is under way still goes out. */
  private over = false;
  private time = 0;
  /** Calls that failed for other reasons than that the socket wasn't ready. */
  private refusals = 0;

  constructor(
    keeper: RelayKeeper,
    libc: Libc,
    pipes: PipePool,
    id: number,
    slot: number,
    [a, b, idleTimeout, terminationDelay]: readonly [number, number, number, number],
    time: number,
  ) {
    this.keeper = keeper;
    this.libc = libc;
    this.pipes = pipes;
    this.id = id;
    this.slot = slot;
    this.idleTimeout = idleTimeout;
    this.terminationDelay = terminationDelay;
    this.ways = [way(a, b), way(b, a)];
    if (idleTimeout > 0) this.limit(time + idleTimeout);
  }

  get descriptors(): readonly [number, number] {
    return [this.ways[0].from, this.ways[1].from];
  }

  /** epoll's flags for a side. */
  happened(side: number, flags: number, time: number): void {
    if (!this.open) return;
    this.time = time;
    const own = this.ways[side];
    const other = this.ways[side ^ 1];
    // Both FINs make a hang-up as well; before ours was sent it is a reset.
    if ((flags & EPOLLERR) !== 0 || ((flags & EPOLLHUP) !== 0 && !other.done)) {
      this.reset();
      return;
    }
    if ((flags & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) !== 0) own.readable = true;
    if ((flags & (EPOLLRDHUP | EPOLLHUP | EPOLLPRI)) !== 0) own.doubtful = true;
    if ((flags & EPOLLOUT) !== 0) other.writable = true;
    this.pump();
  }

  /** Its turn has come again. */
  again(time: number): void {
    this.queued = false;
    if (!this.open) return;
    this.time = time;
    this.pump();
  }

  /** Its deadline has passed. */
  expired(): void {
    this.deadline = 0;
    this.over = true;
    if (this.terminating) this.pump();
    else this.close();
  }

  /** Ends both with RST. */
  reset(): void {
    if (!this.open) return;
    for (const { from } of this.ways)
      this.libc.setsockopt(from, SOL_SOCKET, SO_LINGER, ptr(LINGER), 8);
    this.close();
  }

  private close(): void {
    this.open = false;
    for (const { pipe } of this.ways) if (pipe >= 0) this.pipes.discard(pipe);
    this.keeper.left(this);
  }

  private pump(): void {
    for (const side of SIDES) if (this.open) this.move(this.ways[side], side);
    if (!this.open) return;
    const [a, b] = this.ways;
    if ((a.done && b.done) || (this.over && a.held === 0 && b.held === 0)) this.close();
  }

  private move(way: Way, side: 0 | 1): void {
    for (let left = TURN; this.open; ) {
      if (way.held > 0 && !this.unload(way)) return;
      if (way.ended) {
        this.finish(way);
        return;
      }
      if (!way.readable || this.over) return;
      if (left <= 0 || !this.pipes.ready) {
        this.later();
        return;
      }
      const got = way.bulk && this.keeper.splices ? this.load(way) : this.copy(way);
      if (got > 0) {
        this.received[side] += got;
        left -= got;
        this.moved();
        // Where it is known that this was all, the burst is over.
        if (way.readable) way.burst += got;
        if (way.burst >= BULK) way.bulk = true;
      } else if (got === 0) {
        way.ended = true;
      } else {
        return;
      }
    }
  }

  /** What is under way goes into the other socket; false while that takes no more. */
  private unload(way: Way): boolean {
    const { libc, keeper } = this;
    const { errno } = keeper;
    while (way.held > 0) {
      if (!way.writable) return false;
      const sent =
        way.rest === null
          ? libc.splice(readEnd(way.pipe), null, way.to, null, way.held, FLAGS)
          : libc.send(way.to, ptr(way.rest), way.held, MSG_NOSIGNAL);
      const code = errno[0];
      if (sent <= 0) {
        way.writable = false;
        this.refused(way.to, code);
        return false;
      }
      way.held -= sent;
      if (way.rest !== null) way.rest = way.rest.subarray(sent);
      this.moved();
    }
    if (way.pipe >= 0) this.pipes.give(way.pipe);
    way.pipe = -1;
    way.rest = null;
    return true;
  }

  /** From the socket into a pipe, without a copy. */
  private load(way: Way): number {
    const { libc, pipes, keeper } = this;
    const { errno } = keeper;
    const pipe = pipes.take();
    const got = libc.splice(way.from, null, writeEnd(pipe), null, MOST, FLAGS);
    const code = errno[0];
    if (got > 0) {
      way.pipe = pipe;
      way.held = got;
      return got;
    }
    pipes.give(pipe);
    if (got < 0) {
      // Some sandbox's kernel may not splice what ours does: memory always works.
      if (code !== EAGAIN && !keeper.broken(way.from)) keeper.splices = false;
      this.empty(way, code);
    }
    return got;
  }

  /** From socket to socket through memory: cheaper where there is little. */
  private copy(way: Way): number {
    const { libc, keeper } = this;
    const { errno, scratch } = keeper;
    const { address, bytes } = scratch;
    const got = libc.recv(way.from, address, bytes.length, 0);
    let code = errno[0];
    if (got < 0) this.empty(way, code);
    if (got <= 0) return got;
    if (got < bytes.length && !way.doubtful) {
      // It was all. What comes later is another edge.
      way.readable = false;
      way.burst = 0;
    }
    let sent = 0;
    if (way.writable) {
      sent = libc.send(way.to, address, got, MSG_NOSIGNAL);
      code = errno[0];
      if (sent < 0) {
        sent = 0;
        way.writable = false;
        this.refused(way.to, code);
      }
    }
    if (sent < got) {
      way.rest = bytes.slice(sent, got);
      way.held = got - sent;
    }
    return got;
  }

  private empty(way: Way, code: number): void {
    way.readable = false;
    way.bulk = way.burst >= BULK;
    way.burst = 0;
    this.refused(way.from, code);
  }

  /**
   * A call on a socket failed. Mostly it wasn't ready, and epoll tells when it is. The engine may
   * have made calls of its own before it let `errno` be read: whether the connection is broken is
   * the kernel's to say.
   */
  private refused(fd: number, code: number): void {
    if (code === EAGAIN || !this.open) return;
    if (++this.refusals > REFUSALS || this.keeper.broken(fd)) {
      this.reset();
      return;
    }
    // It may have been something that passes, memory for example: no edge tells of its end.
    for (const way of this.ways) {
      way.readable = true;
      way.writable = true;
    }
    this.later();
  }

  private finish(way: Way): void {
    if (way.done) return;
    way.done = true;
    this.libc.shutdown(way.to, SHUT_WR);
    if (this.terminationDelay < 0 || this.terminating) return;
    this.terminating = true;
    // The loop asks no clock for relays without a deadline.
    this.limit(now() + Math.max(this.terminationDelay, 1));
  }

  private limit(deadline: number): void {
    this.deadline = deadline;
    if (!this.timed) this.keeper.timed(this);
    this.timed = true;
  }

  private moved(): void {
    if (this.idleTimeout > 0 && !this.terminating) this.deadline = this.time + this.idleTimeout;
  }

  private later(): void {
    if (this.queued) return;
    this.queued = true;
    this.keeper.later(this);
  }
}

const SIDES = [0, 1] as const;

function way(from: number, to: number): Way {
  return {
    from,
    to,
    readable: false,
    writable: false,
    doubtful: false,
    bulk: false,
    burst: 0,
    held: 0,
    pipe: -1,
    rest: null,
    ended: false,
    done: false,
  };
}
