import { copyBytes } from "../../../core/bytes.ts";
import type { ProxyError } from "../../../core/errors.ts";
import { PassedBody } from "../../../http/bodies/passed-body.ts";
import type { Body } from "../../../http/body.ts";

/** Bytes that all bodies on their way into one cache may take. */
export interface FillBudget {
  left: number;
}

const FIRST_SIZE = 16 * 1024;

/**
 * Passes a response's body on and keeps a copy. As long as it is kept the server is read as fast as it sends, so
 * that a client which doesn't read holds nothing up; what such a client leaves behind is at most an object's size.
 */
export class Fill extends PassedBody {
  private bytes: Uint8Array;
  private used = 0;
  private readonly most: number;
  private readonly budget: FillBudget;
  private held = false;
  /** Of the budget. */
  private reserved = 0;
  /** Called once: with the whole body, or with null where there is none to keep. */
  private done: ((bytes: Uint8Array | null) => void) | null;

  constructor(
    source: Body,
    most: number,
    budget: FillBudget,
    done: (bytes: Uint8Array | null) => void,
  ) {
    super(source);
    this.most = most;
    this.budget = budget;
    this.done = done;
    this.bytes = new Uint8Array(0);
  }

  /** Nothing of it is kept any more, unless it is whole. */
  abandon(): void {
    this.settle(null);
    if (this.held) this.source.pause();
  }

  /** The client has it, or has left: what waited for it in memory is gone. */
  finished(): void {
    this.settle(null);
    this.release();
  }

  override pauseBody(): void {
    this.held = true;
    if (this.done === null) this.source.pause();
  }

  override resumeBody(): void {
    this.held = false;
    this.source.resume();
  }

  override cancelBody(error: ProxyError): void {
    this.settle(null);
    super.cancelBody(error);
  }

  override bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    if (this.done !== null && !this.keep(bytes, start, end)) this.abandon();
    super.bodyChunk(bytes, start, end);
  }

  override bodyEnd(): void {
    // Trailers aren't kept, and they may be what the body is checked by. A body that only its connection's end
    // ends may have been cut off.
    const { source } = this;
    if (source.trailers !== null || source.endsUnmarked) this.settle(null);
    else this.settle(this.used === this.bytes.length ? this.bytes : this.bytes.slice(0, this.used));
    super.bodyEnd();
  }

  override bodyFail(error: ProxyError): void {
    this.settle(null);
    super.bodyFail(error);
  }

  /** False where there is no room. */
  private keep(bytes: Uint8Array, start: number, end: number): boolean {
    const needed = this.used + end - start;
    if (needed > this.most) return false;
    if (needed > this.bytes.length) {
      const { length } = this.source;
      const wanted = length >= 0 ? length : Math.max(FIRST_SIZE, this.bytes.length * 2, needed);
      const size = Math.max(needed, Math.min(wanted, this.most));
      const more = size - this.bytes.length;
      if (more > this.budget.left) return false;
      this.budget.left -= more;
      this.reserved += more;
      const larger = new Uint8Array(size);
      copyBytes(larger, 0, this.bytes, 0, this.used);
      this.bytes = larger;
    }
    copyBytes(this.bytes, this.used, bytes, start, end);
    this.used = needed;
    return true;
  }

  private settle(bytes: Uint8Array | null): void {
    const { done } = this;
    if (done === null) return;
    this.done = null;
    this.bytes = new Uint8Array(0);
    // A client that doesn't read has it all waiting in memory.
    if (!this.held) this.release();
    done(bytes);
  }

  private release(): void {
    this.budget.left += this.reserved;
    this.reserved = 0;
  }
}
