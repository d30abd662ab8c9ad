/** What a load generator saw. */
export interface Load {
  /** Requests that were answered; a part of one where that is what it saw. */
  readonly requests: number;
  readonly perSecond: number;
}

/** How long requests took, in microseconds. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
}
