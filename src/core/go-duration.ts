/** Milliseconds as Go's time.Duration writes itself: "1m30s", "100ms", "1.5s", "0s". */
export function goDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0s";
  const sign = milliseconds < 0 ? "-" : "";
  const size = Math.abs(milliseconds);
  if (size < 1000) {
    if (size >= 1) return `${sign}${shortest(size)}ms`;
    const micros = size * 1000;
    return micros >= 1 ? `${sign}${shortest(micros)}µs` : `${sign}${shortest(micros * 1000)}ns`;
  }
  const hours = Math.floor(size / 3_600_000);
  const minutes = Math.floor((size % 3_600_000) / 60_000);
  const seconds = shortest((size % 60_000) / 1000);
  const short = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${sign}${short}${seconds}s`;
}

/** Without the noise of doubles. */
function shortest(value: number): string {
  return String(Number(value.toFixed(9)));
}
