/** Latencies are told apart by the millisecond up to this one, and by a 64th from there. */
const LINEAR = 128;
const PARTS = 64;
/** Up to 2^22 ms, more than an hour. */
const OCTAVES = 15;

export const LATENCY_BUCKETS = LINEAR + OCTAVES * PARTS;

/** The bucket of a latency in milliseconds. */
export function latencyBucket(milliseconds: number): number {
  const value = Math.max(0, Math.floor(milliseconds));
  if (value < LINEAR) return value;
  const octave = Math.floor(Math.log2(value));
  const part = Math.floor(value / 2 ** (octave - 6)) - PARTS;
  return Math.min(LATENCY_BUCKETS - 1, LINEAR + (octave - 7) * PARTS + part);
}

/** The highest whole millisecond that is in a bucket. */
export function latencyOf(bucket: number): number {
  if (bucket < LINEAR) return bucket;
  const octave = Math.floor((bucket - LINEAR) / PARTS) + 7;
  const part = (bucket - LINEAR) % PARTS;
  return (PARTS + part + 1) * 2 ** (octave - 6) - 1;
}
