/** The middle value; the mean of the two middle ones where the count is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("no values");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** "1.08" */
export function ratio(value: number, to: number): string {
  return (value / to).toFixed(2);
}

/** Three digits that count: "0.213", "19.7", "1043". */
export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** What was aimed at and whether it was reached: "at most 1.15: reached". */
export function goal(text: string, reached: boolean): string {
  return `${text}: ${reached ? "reached" : "missed"}`;
}

export function megabytes(bytes: number): string {
  return `${figure(bytes / 1e6)} MB`;
}
