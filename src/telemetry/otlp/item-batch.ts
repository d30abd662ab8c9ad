import { ProtobufWriter } from "./protobuf-writer.ts";

/** Spans or log records, each as the field that ScopeSpans or ScopeLogs has it in, one behind the other. */
export interface ItemBatch {
  readonly items: Uint8Array;
  readonly count: number;
}

/** Bytes at which a batch goes whatever its number of items. */
const FULL = 512 * 1024;

/** Collects items and hands them over together: so many, or those of so long. */
export class BatchWriter {
  readonly writer = new ProtobufWriter();
  private count = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly hand: (batch: ItemBatch) => void;
  private readonly most: number;
  private readonly delay: number;

  /** `delay` in milliseconds. */
  constructor(hand: (batch: ItemBatch) => void, most: number, delay: number) {
    this.hand = hand;
    this.most = most;
    this.delay = delay;
  }

  /** One more item has been written. */
  added(): void {
    if (++this.count >= this.most || this.writer.length >= FULL) this.flush();
    else this.timer ??= setTimeout(this.flush, this.delay);
  }

  readonly flush = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.count === 0) return;
    const { count } = this;
    this.count = 0;
    this.hand({ items: this.writer.take(), count });
  };
}
