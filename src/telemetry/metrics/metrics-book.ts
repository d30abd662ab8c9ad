import { ownerKey } from "./request-meters.ts";
import { type MeterNews, type MeterOwner, RequestRow, rowLength, type Series } from "./series.ts";

/** Where one worker counts a series. */
interface Place {
  readonly worker: number;
  readonly cells: Float64Array;
  readonly at: number;
}

interface Entry {
  readonly series: Series;
  readonly ownerKey: string;
  readonly length: number;
  places: Place[];
  /** What workers that have ended had counted. */
  retired: Float64Array | null;
}

/** A series with its numbers of all workers together, in the row's order. */
export interface Figures {
  readonly series: Series;
  readonly numbers: Float64Array;
}

/** The requests of one owner by code, method and protocol, as `requestKind` numbers them. */
export interface RequestFigures {
  readonly owner: MeterOwner;
  readonly kind: number;
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Requests in each bucket alone, and the seconds of these; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sums: readonly number[];
}

/**
 * The control plane's view of what all workers count. Reading it asks no worker: the numbers are in memory
 * that is shared, and each has one writer.
 */
export class MetricsBook {
  /** Upper bounds of the buckets, in seconds. */
  readonly bounds: readonly number[];
  private readonly entries = new Map<string, Entry>();
  private memories = new Map<number, Float64Array[]>();
  private configured: ReadonlySet<string> | null = null;
  /** Has the numbers that move by themselves (open connections) written; for a plane in this thread. */
  refresh: () => void = () => {};
  /** Tells all workers which owners' rows nothing reads any more. */
  forgotten: (ownerKeys: readonly string[]) => void = () => {};

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** A worker tells of its slab. */
  take(worker: number, news: MeterNews): void {
    let memories = this.memories.get(worker);
    if (memories === undefined) {
      memories = [];
      this.memories.set(worker, memories);
    }
    if (news.memory !== undefined) memories.push(new Float64Array(news.memory));
    for (const { series, memory, at } of news.rows) {
      const key = JSON.stringify(series);
      let entry = this.entries.get(key);
      if (entry === undefined) {
        entry = {
          series,
          ownerKey: ownerKey(series.owner),
          length: rowLength(series, this.bounds.length),
          places: [],
          retired: null,
        };
        this.entries.set(key, entry);
      }
      entry.places.push({ worker, cells: memories[memory], at });
    }
  }

  /** A worker has ended: what it counted stays counted, what it held open is closed. */
  ended(worker: number): void {
    this.memories.delete(worker);
    for (const entry of this.entries.values()) {
      const gone = entry.places.filter((place) => place.worker === worker);
      if (gone.length === 0) continue;
      entry.places = entry.places.filter((place) => place.worker !== worker);
      if (entry.series.figure === "connections") continue;
      entry.retired ??= new Float64Array(entry.length);
      for (const place of gone) addTo(entry.retired, place);
    }
  }

  /** Which owners (`ownerKey`) there are from now on; others go with the next `sweep`. */
  setConfigured(ownerKeys: ReadonlySet<string>): void {
    this.configured = ownerKeys;
  }

  /** The rows of owners that are configured no more have been read once more: they go. */
  sweep(): void {
    const { configured } = this;
    if (configured === null) return;
    const gone = new Set<string>();
    for (const [key, entry] of this.entries) {
      if (configured.has(entry.ownerKey)) continue;
      this.entries.delete(key);
      gone.add(entry.ownerKey);
    }
    if (gone.size > 0) this.forgotten([...gone]);
  }

  /** Every series, as it is now. */
  read(): Figures[] {
    this.refresh();
    return [...this.entries.values()].map(({ series, length, places, retired }) => {
      const numbers = retired === null ? new Float64Array(length) : retired.slice();
      for (const place of places) addTo(numbers, place);
      return { series, numbers };
    });
  }

  /** The requests of all owners, as they are now. */
  requests(): RequestFigures[] {
    return this.read().flatMap(({ series, numbers }) =>
      series.figure === "requests" ? [requestFigures(series.owner, series.kind, numbers)] : [],
    );
  }

  /** Connections that are open now, by entrypoint. */
  connections(): ReadonlyMap<string, number> {
    const open = new Map<string, number>();
    for (const { series, numbers } of this.read())
      if (series.figure === "connections") open.set(series.owner.name, numbers[0]);
    return open;
  }
}

function addTo(numbers: Float64Array, { cells, at }: Place): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] += cells[at + i];
}

/** A row of requests, read. */
export function requestFigures(
  owner: MeterOwner,
  kind: number,
  numbers: Float64Array,
): RequestFigures {
  const counts: number[] = [];
  const sums: number[] = [];
  for (let at: number = RequestRow.buckets; at < numbers.length; at += 2) {
    counts.push(numbers[at]);
    sums.push(numbers[at + 1]);
  }
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    owner,
    kind,
    count: total(counts),
    sum: total(sums),
    requestBytes: numbers[RequestRow.requestBytes],
    responseBytes: numbers[RequestRow.responseBytes],
    counts,
    sums,
  };
}
