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

/** RFC 3339 to the second; "Z" for UTC. */
export function rfc3339(time: number, offset: number): string {
  const text = new Date(time + offset * 60_000).toISOString();
  return text.slice(0, 19) + (offset === 0 ? "Z" : zone(offset, ":"));
}

/** The common log format's `02/Jan/2006:15:04:05 -0700`. */
export function clfTime(time: number, offset: number): string {
  const text = new Date(time + offset * 60_000).toISOString();
  const month = MONTHS[Number(text.slice(5, 7)) - 1];
  return `${text.slice(8, 10)}/${month}/${text.slice(0, 4)}:${text.slice(11, 19)} ${zone(offset, "")}`;
}

/**
 * RFC 3339 times of which many in a row are of one second: only a new second is worked out.
 */
export class Rfc3339Clock {
  private readonly local: boolean;
  private readonly fraction: boolean;
  private second = Number.NaN;
  private before = "";
  private behind = "";

  /** In local time or UTC; to the second, or with the fraction that there is to the millisecond. */
  constructor(local: boolean, fraction: boolean) {
    this.local = local;
    this.fraction = fraction;
  }

  text(time: number): string {
    const second = Math.floor(time / 1000);
    if (second !== this.second) {
      this.second = second;
      const whole = rfc3339(second * 1000, this.local ? localOffset(second * 1000) : 0);
      this.before = whole.slice(0, 19);
      this.behind = whole.slice(19);
    }
    return (
      this.before +
      (this.fraction ? fractionOf(Math.floor(time) - second * 1000) : "") +
      this.behind
    );
  }
}

/** Milliseconds as a decimal fraction without zeros behind, as Go's RFC3339Nano. */
function fractionOf(millis: number): string {
  if (millis === 0) return "";
  if (millis % 100 === 0) return `.${millis / 100}`;
  if (millis % 10 === 0) return `.${String(millis / 10).padStart(2, "0")}`;
  return `.${String(millis).padStart(3, "0")}`;
}
