/**
 * The counts of buckets with the upper bounds `bounds` put together to those of fewer bounds, `wanted`, each of
 * which is among `bounds`. Both have one count more than bounds.
 */
export function mergedCounts(
  counts: readonly number[],
  bounds: readonly number[],
  wanted: readonly number[],
): number[] {
  const merged = new Array<number>(wanted.length + 1).fill(0);
  let bucket = 0;
  counts.forEach((count, i) => {
    while (bucket < wanted.length && (i >= bounds.length || bounds[i] > wanted[bucket])) bucket++;
    merged[bucket] += count;
  });
  return merged;
}
