import { bytesEqualLower } from "../../field-names.ts";
import { COMMA, HTAB, SP, TOKEN } from "../octets.ts";

/*
 * `Connection` is a list of tokens (RFC 9110 section 7.6.1). Empty members are ignored, as every
 * list's are (section 5.6.1); whitespace inside a member, or anything else that is no token, isn't.
 *
 * To walk the options in bytes[start, end) without allocating:
 *
 *     for (let at = optionStart(bytes, start, end); at < end; at = optionStart(bytes, stop, end)) {
 *       stop = optionEnd(bytes, at, end);   // -1: not a list of tokens
 *     }
 */

/** The offset of the first option at or behind `at`, or `end`. */
export function optionStart(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && (bytes[at] === COMMA || bytes[at] === SP || bytes[at] === HTAB)) at++;
  return at;
}

/** The offset behind the option that starts at `at`, or -1 where what is there is no option. */
export function optionEnd(bytes: Uint8Array, at: number, end: number): number {
  const start = at;
  while (at < end && TOKEN[bytes[at]] === 1) at++;
  if (at === start) return -1;
  let next = at;
  while (next < end && (bytes[next] === SP || bytes[next] === HTAB)) next++;
  return next === end || bytes[next] === COMMA ? at : -1;
}

/** True where `bytes[start, end)` is `lower` (ASCII lower case), in any case. */
export function isOption(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  return end - start === lower.length && bytesEqualLower(bytes, start, lower);
}

const OPTION = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * The options of a `Connection` field's value, in lower case. A member that is no token is left
 * out: it can't name a field. (The parsers refuse messages that have one.)
 */
export function connectionOptions(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((member) => member.trim())
    .filter((member) => OPTION.test(member));
}
