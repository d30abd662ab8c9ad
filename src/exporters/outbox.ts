import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";

/** What waits to be sent. */
export interface Parcel {
  readonly items: Uint8Array;
  /** How many spans, records or lines it has. */
  readonly count: number;
}

/** The receiver will never take it: sending it again is no use. */
export class Refused extends Error {}

export interface OutboxOptions {
  /** As messages call what is sent: "traces". */
  readonly name: string;
  /** Rejects where the receiver did not take it: with `Refused` where it never will. */
  readonly send: (parcel: Parcel, signal: AbortSignal) => Promise<void>;
  /** Items that wait at the most, what is under way included. */
  readonly mostItems: number;
  /** Items in one sending at the most; a parcel that has more goes alone. */
  readonly mostTogether: number;
  /** How long one sending may take, in milliseconds. */
  readonly timeout: number;
  readonly logger: Pick<Logger, "warn" | "error">;
  /** Nothing is sent any more. */
  readonly closed?: () => void;
}

/** Pauses after failures, in milliseconds; doubled each time. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** Bytes that wait at the most, whatever the number of items. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Sends parcels to a receiver, one request at a time, in their order. Where the receiver is away they wait, up
 * to a limit; what comes beyond it is dropped and counted. Trouble is said once, and its end.
 */
export class Outbox {
  /** Items that were dropped. */
  dropped = 0;
  private readonly options: OutboxOptions;
  private waiting: Parcel[] = [];
  private items = 0;
  private bytes = 0;
  private sending: Promise<void> | undefined;
  private troubled = false;
  private droppedBefore = 0;
  private hurry: (() => void) | undefined;
  private closing = false;
  private readonly stop = new AbortController();

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** Something isn't sent yet. */
  get waits(): boolean {
    return this.waiting.length > 0;
  }

  push(parcel: Parcel): void {
    if (parcel.count === 0) return;
    const { mostItems } = this.options;
    if (
      (this.items > 0 && this.items + parcel.count > mostItems) ||
      this.bytes + parcel.items.length > MOST_BYTES
    ) {
      this.drop(parcel.count);
      return;
    }
    this.waiting.push(parcel);
    this.items += parcel.count;
    this.bytes += parcel.items.length;
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  /** Sends what waits, for so long at the most; then nothing is sent any more. Never rejects. */
  async close(patience: number): Promise<void> {
    this.closing = true;
    this.hurry?.();
    const timer = setTimeout(() => this.stop.abort(new Error("the program ends")), patience);
    await this.sending;
    clearTimeout(timer);
    this.options.closed?.();
  }

  private drop(count: number): void {
    this.dropped += count;
    this.trouble("There is no room for more that waits to be sent", undefined);
  }

  private async sendAll(): Promise<void> {
    for (let pause = FIRST_PAUSE; this.waiting.length > 0; ) {
      const parcel = this.together();
      try {
        const signal = AbortSignal.any([
          this.stop.signal,
          AbortSignal.timeout(this.options.timeout),
        ]);
        await this.options.send(parcel, signal);
        this.sent(parcel);
        pause = FIRST_PAUSE;
      } catch (error) {
        const given = this.closing || error instanceof Refused;
        if (given) this.dropped += parcel.count;
        this.trouble("It can't be sent", error);
        if (given) {
          this.took(parcel);
          continue;
        }
        await this.rest(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  /** The parcels in front as one, which stays in front until it is sent. */
  private together(): Parcel {
    const [first, ...others] = this.waiting;
    const chosen = [first];
    let { count } = first;
    let bytes = first.items.length;
    for (const parcel of others) {
      if (count + parcel.count > this.options.mostTogether) break;
      chosen.push(parcel);
      count += parcel.count;
      bytes += parcel.items.length;
    }
    if (chosen.length === 1) return first;
    const items = new Uint8Array(bytes);
    let at = 0;
    for (const parcel of chosen) {
      items.set(parcel.items, at);
      at += parcel.items.length;
    }
    const whole = { items, count };
    this.waiting = [whole, ...this.waiting.slice(chosen.length)];
    return whole;
  }

  private took(parcel: Parcel): void {
    this.waiting.shift();
    this.items -= parcel.count;
    this.bytes -= parcel.items.length;
  }

  private sent(parcel: Parcel): void {
    this.took(parcel);
    if (!this.troubled) return;
    this.troubled = false;
    this.options.logger.warn(`Exporting ${this.options.name} works again`, {
      dropped: this.dropped - this.droppedBefore,
    });
    this.droppedBefore = this.dropped;
  }

  private trouble(reason: string, error: unknown): void {
    if (this.troubled) return;
    this.troubled = true;
    this.options.logger.error(`Exporting ${this.options.name} fails`, {
      reason,
      error: error === undefined ? undefined : messageOf(error),
    });
  }

  /** A pause, which closing cuts short. */
  private rest(milliseconds: number): Promise<void> {
    if (this.closing) return Promise.resolve();
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        this.hurry = undefined;
        resolve();
      };
      const timer = setTimeout(over, milliseconds);
      this.hurry = over;
    });
  }
}
