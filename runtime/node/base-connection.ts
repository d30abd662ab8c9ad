import { ByteQueue } from "../../src/core/byte-queue.ts";
import type { Address, Connection, ConnectionHandler } from "../../src/net/connection.ts";
import type { TlsInfo } from "../../src/net/tls.ts";
import { reportUncaught } from "./uncaught.ts";

const NO_BYTES = new Uint8Array(0);
const NOBODY: ConnectionHandler = { data() {}, drain() {}, end() {}, close() {} };

/**
 * What the transport brought that the handler must not have yet, because it is paused: delivered in
 * this order, bytes, FIN, close. Few connections ever need one.
 */
interface HeldEvents {
  readonly bytes: ByteQueue;
  end: boolean;
  closed: boolean;
  error: Error | undefined;
}

/**
 * What connections of all transports have in common: the order in which a handler hears of things,
 * and who pays for a handler that throws. A subclass has the transport, and calls `received`,
 * `writable`, `ended` and `gone` for its events.
 */
export abstract class BaseConnection implements Connection {
  handler: ConnectionHandler = NOBODY;
  closed = false;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo | null = null;
  /** The transport is gone; what was held back may still have to be delivered. */
  protected dead = false;
  /** The last `write` took less than all: `drain` is owed. */
  protected congested = false;
  protected finSent = false;
  private finReceived = false;
  private paused = false;
  private held: HeldEvents | null = null;
  private closeDelivered = false;

  /** The addresses are taken now, because a closed socket doesn't tell any more. */
  constructor(remote: Address, local: Address) {
    this.remote = remote;
    this.local = local;
  }

  /** Most platforms leave it to the garbage collector. */
  recycle(_chunk: Uint8Array): void {}

  /** `congested` ends. */
  protected relieved(): void {
    this.congested = false;
  }

  abstract write(bytes: Uint8Array, start?: number, end?: number): number;
  protected abstract stopReading(): void;
  protected abstract startReading(): void;
  /** Behind all bytes that `write` took. */
  protected abstract sendFin(): void;
  protected abstract closeTransport(): void;
  protected abstract resetTransport(): void;

  /** The peer had reset the connection before this side heard of it: it isn't known who it was. */
  get stillborn(): boolean {
    return this.remote.ip === "";
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    if (this.readable) this.stopReading();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    // Never from inside the caller: it may be in the middle of something.
    if (this.held !== null) queueMicrotask(() => this.deliverHeld());
    else if (this.readable) this.startReading();
  }

  shutdown(): void {
    if (this.closed || this.dead || this.finSent) return;
    this.finSent = true;
    this.sendFin();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.held = null;
    this.relieved();
    if (!this.dead) this.closeTransport();
    queueMicrotask(() => this.deliverClose(undefined));
  }

  reset(): void {
    if (this.closed) return;
    this.closed = true;
    this.held = null;
    this.relieved();
    if (!this.dead) this.resetTransport();
    queueMicrotask(() => this.deliverClose(undefined));
  }

  /** Open both ways, with nothing held back: all that was received has been delivered. */
  protected get untouched(): boolean {
    return this.readable && !this.finSent && !this.paused && this.held === null && !this.congested;
  }

  /**
   * Another owner has the transport from now on; the handler hears of nothing any more, not even of
   * `close`. Returns what was held back; null where there is nothing to have any more.
   */
  protected abandon(): Uint8Array | null {
    if (this.closed || this.dead || this.finReceived || this.held?.end) return null;
    const bytes = this.held?.bytes.take() ?? NO_BYTES;
    this.closed = true;
    this.closeDelivered = true;
    this.held = null;
    this.relieved();
    this.handler = NOBODY;
    return bytes;
  }

  /** Its handler threw. */
  failed(error: unknown): void {
    reportUncaught(error);
    this.reset();
  }

  // --- the transport's events ---

  received(chunk: Uint8Array): void {
    if (this.closed) return;
    if (this.paused || this.held !== null) {
      this.hold().bytes.push(chunk);
      return;
    }
    try {
      this.handler.data(chunk);
    } catch (error) {
      this.failed(error);
    }
  }

  writable(): void {
    if (!this.congested || this.closed) return;
    this.relieved();
    try {
      this.handler.drain();
    } catch (error) {
      this.failed(error);
    }
  }

  /** The peer's FIN. */
  ended(): void {
    if (this.closed || this.finReceived) return;
    this.finReceived = true;
    if (this.paused || this.held !== null) {
      this.hold().end = true;
      return;
    }
    try {
      this.handler.end();
    } catch (error) {
      this.failed(error);
    }
  }

  /** The transport is gone. After our own close or reset that is no news. */
  gone(error: Error | undefined): void {
    this.dead = true;
    this.relieved();
    if (this.closed) return;
    // Bun doesn't mention a FIN that comes after our own.
    if (error === undefined && this.finSent) this.ended();
    if (this.closed) return;
    if (this.held === null) {
      this.deliverClose(error);
    } else {
      this.held.closed = true;
      this.held.error = error;
    }
  }

  // --- what is held back ---

  private get readable(): boolean {
    return !this.closed && !this.dead && !this.finReceived;
  }

  private hold(): HeldEvents {
    this.held ??= { bytes: new ByteQueue(), end: false, closed: false, error: undefined };
    return this.held;
  }

  private deliverHeld(): void {
    const { held } = this;
    if (held === null) return;
    try {
      while (held.bytes.length > 0) {
        if (this.paused) return;
        this.handler.data(held.bytes.shift()!);
        if (this.held !== held) return;
      }
      if (this.paused) return;
      if (held.end) {
        held.end = false;
        this.handler.end();
        if (this.held !== held || this.paused) return;
      }
    } catch (error) {
      this.failed(error);
      return;
    }
    this.held = null;
    if (held.closed) this.deliverClose(held.error);
    else if (this.readable) this.startReading();
  }

  private deliverClose(error: Error | undefined): void {
    if (this.closeDelivered) return;
    this.closeDelivered = true;
    this.closed = true;
    try {
      this.handler.close(error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}
