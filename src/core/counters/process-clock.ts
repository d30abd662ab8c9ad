/**
 * Milliseconds since 1970 on a clock that never goes back while the process runs; the threads of one
 * process agree on it within a few milliseconds.
 */
export function processClock(): number {
  return performance.timeOrigin + performance.now();
}
