/** Whose requests are counted. Names are qualified where elements have providers. */
export type MeterOwner =
  | { readonly kind: "entryPoint"; readonly name: string }
  | { readonly kind: "router"; readonly name: string; readonly service: string }
  | { readonly kind: "service"; readonly name: string }
  /** `name` is the service's. */
  | { readonly kind: "server"; readonly name: string; readonly url: string };

/** What one row of numbers in a worker's slab is about. */
export type Series =
  /** Requests by code, method and protocol (`requestKind`): see `requestRow`. */
  | { readonly figure: "requests"; readonly owner: MeterOwner; readonly kind: number }
  /** The same by the values of `headerLabels`, in the order of its labels: one number. */
  | {
      readonly figure: "labelled";
      readonly owner: MeterOwner;
      readonly kind: number;
      readonly values: readonly string[];
    }
  /** Requests over TLS: one number. */
  | {
      readonly figure: "tls";
      readonly owner: MeterOwner;
      readonly version: string;
      readonly cipher: string;
    }
  /** Tries beyond the first: one number. */
  | { readonly figure: "retries"; readonly owner: MeterOwner }
  /** Connections that are open: one number, which goes up and down. */
  | { readonly figure: "connections"; readonly owner: MeterOwner };

/** The places of a row of requests: sizes, then a count and a sum of seconds for each bucket. */
export const RequestRow = { requestBytes: 0, responseBytes: 1, buckets: 2 } as const;

/** How many numbers a series has, with so many upper bounds of buckets. */
export function rowLength(series: Series, bounds: number): number {
  return series.figure === "requests" ? RequestRow.buckets + 2 * (bounds + 1) : 1;
}

/** A row that a worker has begun: where its numbers are. */
export interface RowNews {
  readonly series: Series;
  /** Number of the memory, in the order in which the worker told of them. */
  readonly memory: number;
  /** In 64-bit words. */
  readonly at: number;
}

/** What a worker tells of its slab: memory that is new in it, and rows. */
export interface MeterNews {
  readonly memory?: SharedArrayBuffer;
  readonly rows: readonly RowNews[];
}
