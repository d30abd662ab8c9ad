/** Milliseconds since the epoch, whole seconds of them, in UTC as Go writes a time in JSON. */
export function goTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.000Z$/, "Z");
}
