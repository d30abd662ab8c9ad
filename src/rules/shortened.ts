/** A text for a message: what users write may be of any length, and a log line isn't the place for it. */
export function shortened(text: string, length = 100): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
