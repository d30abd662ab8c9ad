const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Minutes that local time is ahead of UTC at `time`. */
export function localOffset(time: number): number {
  return -new Date(time).getTimezoneOffset();
}

/** `-0700`, or with a separator `-07:00`. */
function zone(offset: number, separator: string): string {
  const minutes = Math.abs(offset);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
}

/** RFC 3339 to the second, or with the fraction that there is to the millisecond; "Z" for UTC. */
export function rfc3339(time: number, offset: number, fraction = false): string {
  const text = new Date(time + offset * 60_000).toISOString();
  const millis = fraction ? text.slice(19, 23).replace(/\.?0+$/, "") : "";
  return text.slice(0, 19) + millis + (offset === 0 ? "Z" : zone(offset, ":"));
}

/** The common log format's `02/Jan/2006:15:04:05 -0700`. */
export function clfTime(time: number, offset: number): string {
  const text = new Date(time + offset * 60_000).toISOString();
  const month = MONTHS[Number(text.slice(5, 7)) - 1];
  return `${text.slice(8, 10)}/${month}/${text.slice(0, 4)}:${text.slice(11, 19)} ${zone(offset, "")}`;
}
