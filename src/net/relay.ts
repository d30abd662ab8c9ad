import { ByteQueue } from "../core/byte-queue.ts";
import type { Deadlines, Expiring } from "../core/timers.ts";
import type { Connection, ConnectionHandler } from "./connection.ts";

/** Bytes that may wait for one side before the other is no longer read. */
const WATERMARK = 64 * 1024;

/**
 * When it pays to hand two connections over to the platform: after so many bytes, or chunks, both
 * ways. The platform's own way costs about 0.5 for much and 0.8 for little; handing over costs as much
 * as some tens of chunks.
 */
const HAND_OVER = { bytes: 128 * 1024, chunks: 32 };

export interface RelayOptions {
  /** What `a` sent before the two were joined; likewise `b`. */
  earlyFromA?: Uint8Array;
  earlyFromB?: Uint8Array;
  /** `a` has sent its FIN already (its `end` went to a former handler); likewise `b`. */
  endedA?: boolean;
  endedB?: boolean;
  /** Closes both after so many milliseconds without a byte either way; 0 or undefined for never. */
  idleTimeout?: number;
  /**
   * Once one side's FIN has been passed on, the other side has so many milliseconds for what it still
   * has to say, which then goes out as its receiver takes it; negative or undefined for no limit.
   */
  terminationDelay?: number;
  /** Looks after the two. */
  deadlines?: Deadlines;
  /** Both are closed: bytes received from `a`, and from `b`, early ones included. */
  onClose?: (fromA: number, fromB: number) => void;
}

/**
 * Joins two connections byte for byte, both ways, until both directions have ended. A FIN is passed
 * on as a FIN behind all bytes before it, a reset as a reset; a side that doesn't take its bytes
 * makes the other wait. Takes over both handlers.
 */
export function relay(a: Connection, b: Connection, options: RelayOptions = {}): void {
  new Relay(a, b, options);
}

class Relay implements Expiring {
  deadline = 0;
  private readonly idleTimeout: number;
  private readonly terminationDelay: number;
  /** A FIN was passed on: bytes don't move the deadline any more. */
  private terminating = false;
  private readonly deadlines: Deadlines | undefined;
  private readonly onClose: RelayOptions["onClose"];
  private readonly fromA: Direction;
  private readonly fromB: Direction;
  /** Bytes, and chunks since the last offer. */
  private nextOffer = HAND_OVER.bytes;
  private chunks = 0;

  constructor(a: Connection, b: Connection, options: RelayOptions) {
    this.idleTimeout = options.deadlines === undefined ? 0 : (options.idleTimeout ?? 0);
    this.terminationDelay = options.deadlines === undefined ? -1 : (options.terminationDelay ?? -1);
    const timed = this.idleTimeout > 0 || this.terminationDelay >= 0;
    this.deadlines = timed ? options.deadlines : undefined;
    this.onClose = options.onClose;
    this.fromA = new Direction(this, a, b);
    this.fromB = new Direction(this, b, a);
    this.fromA.opposite = this.fromB;
    this.fromB.opposite = this.fromA;
    a.handler = this.fromA;
    b.handler = this.fromB;
    this.touch();
    this.deadlines?.add(this);
    start(this.fromA, options.earlyFromA, options.endedA);
    start(this.fromB, options.earlyFromB, options.endedB);
  }

  /** Bytes have moved. */
  touch(): void {
    if (this.idleTimeout !== 0 && !this.terminating) {
      this.deadline = this.deadlines!.after(this.idleTimeout);
    }
  }

  /** One direction is done. */
  halfClosed(): void {
    if (this.terminationDelay < 0 || this.terminating) return;
    this.terminating = true;
    // 0 is no deadline.
    this.deadline = this.deadlines!.after(Math.max(this.terminationDelay, 1));
  }

  expired(): void {
    for (const { from, opposite } of [this.fromA, this.fromB]) {
      // A side that still has bytes to take is closed behind them.
      if (!this.terminating || opposite.queue.length === 0) from.close();
    }
  }

  /** Gives both connections to the platform where it can relay them itself and nothing waits here. */
  mayHandOver(): void {
    const { fromA, fromB } = this;
    this.chunks++;
    const bytes = fromA.received + fromB.received;
    if (bytes < this.nextOffer && this.chunks < HAND_OVER.chunks) return;
    if (fromA.queue.length > 0 || fromB.queue.length > 0 || fromA.ended || fromB.ended) return;
    // Not at every chunk where it can't, or not now.
    this.nextOffer = bytes + HAND_OVER.bytes;
    this.chunks = 0;
    const given = fromA.from.splice?.(fromB.from, {
      idleTimeout: this.idleTimeout,
      terminationDelay: this.terminationDelay,
      closed: (a, b) => this.onClose?.(fromA.received + a, fromB.received + b),
    });
    if (given) this.deadlines?.remove(this);
  }

  closed(): void {
    if (!this.fromA.gone || !this.fromB.gone) return;
    this.deadlines?.remove(this);
    this.onClose?.(this.fromA.received, this.fromB.received);
  }
}

function start(direction: Direction, early: Uint8Array | undefined, ended = false): void {
  const { from } = direction;
  if (early !== undefined && early.length > 0) direction.take(early);
  if (ended) direction.end();
  // Closed before the two were joined: `close` may have gone to a former handler.
  if (from.closed) direction.close();
  else if (!direction.paused) from.resume();
}

/** Reads from one connection and writes to the other. It is the handler of the one it reads from. */
class Direction implements ConnectionHandler {
  opposite!: Direction;
  readonly from: Connection;
  readonly to: Connection;
  received = 0;
  paused = false;
  /** `from` is closed. */
  gone = false;
  private readonly relay: Relay;
  readonly queue = new ByteQueue();
  ended = false;

  constructor(relay: Relay, from: Connection, to: Connection) {
    this.relay = relay;
    this.from = from;
    this.to = to;
  }

  data(chunk: Uint8Array): void {
    if (!this.take(chunk)) return;
    this.from.recycle(chunk);
    this.relay.mayHandOver();
  }

  /** Sends a chunk; true where nothing of it has to wait. */
  take(chunk: Uint8Array): boolean {
    this.received += chunk.length;
    this.relay.touch();
    let taken = 0;
    if (this.queue.length === 0) {
      taken = this.to.write(chunk, 0, chunk.length);
      if (taken < 0 || taken === chunk.length) return true;
    } else if (this.to.closed) {
      return true;
    }
    this.queue.push(taken === 0 ? chunk : chunk.subarray(taken));
    if (this.queue.length >= WATERMARK && !this.paused) {
      this.paused = true;
      this.from.pause();
    }
    return false;
  }

  /** `from` takes bytes again: those of the opposite direction. */
  drain(): void {
    this.opposite.sendQueued();
  }

  end(): void {
    this.ended = true;
    if (this.queue.length === 0) this.finish();
  }

  close(error?: Error): void {
    if (this.gone) return;
    this.gone = true;
    if (error !== undefined) {
      this.to.reset();
    } else if (this.queue.length > 0 && !this.to.closed) {
      // What was received still goes out.
      this.ended = true;
    } else if (!this.to.closed) {
      this.to.close();
    }
    this.relay.closed();
  }

  private sendQueued(): void {
    const { queue } = this;
    while (queue.length > 0) {
      const { first } = queue;
      const taken = this.to.write(first, 0, first.length);
      if (taken < 0) return;
      if (taken > 0) this.relay.touch();
      queue.drop(taken);
      if (taken < first.length) return;
    }
    if (this.ended) {
      this.finish();
      return;
    }
    if (this.paused) {
      this.paused = false;
      this.from.resume();
    }
    this.relay.mayHandOver();
  }

  /** Everything of this direction has been sent. */
  private finish(): void {
    if (this.gone || (this.opposite.ended && this.opposite.queue.length === 0)) {
      // Nothing is left to say in either direction.
      this.from.close();
      this.to.close();
    } else {
      this.to.shutdown();
      this.relay.halfClosed();
    }
  }
}
