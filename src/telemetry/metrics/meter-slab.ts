import { type MeterNews, type RowNews, rowLength, type Series } from "./series.ts";

/** 64-bit words of one piece of memory. */
const PIECE = 8192;
/** Rows that a worker has at the most: labels with headers' values are chosen by peers. */
const MAX_ROWS = 100_000;

/** Numbers of one series. Only this worker writes them. */
export interface Row {
  readonly cells: Float64Array;
  readonly at: number;
}

/**
 * The numbers that one worker counts in: rows in memory that the control plane reads. What it has to
 * know of them is told once for each row, so that counting is an addition.
 */
export class MeterSlab {
  private readonly tell: (news: MeterNews) => void;
  private readonly bounds: number;
  private readonly full: () => void;
  private cells: Float64Array = new Float64Array(0);
  private memories = 0;
  private used = 0;
  private rows = 0;
  private toldFull = false;

  /** `bounds`: upper bounds of buckets in a row of requests. `full` hears once that there is no more room. */
  constructor(bounds: number, tell: (news: MeterNews) => void, full: () => void) {
    this.bounds = bounds;
    this.tell = tell;
    this.full = full;
  }

  /** A new row, all zeros; null with no room left. */
  row(series: Series): Row | null {
    const length = rowLength(series, this.bounds);
    if (this.rows >= MAX_ROWS) {
      if (!this.toldFull) this.full();
      this.toldFull = true;
      return null;
    }
    this.rows++;
    let memory: SharedArrayBuffer | undefined;
    if (this.used + length > this.cells.length) {
      memory = new SharedArrayBuffer(Math.max(PIECE, length) * Float64Array.BYTES_PER_ELEMENT);
      this.cells = new Float64Array(memory);
      this.used = 0;
      this.memories++;
    }
    const at = this.used;
    this.used += length;
    const row: RowNews = { series, memory: this.memories - 1, at };
    this.tell(memory === undefined ? { rows: [row] } : { memory, rows: [row] });
    return { cells: this.cells, at };
  }

  /** So many rows aren't read any more. */
  freed(rows: number): void {
    this.rows = Math.max(0, this.rows - rows);
  }
}
