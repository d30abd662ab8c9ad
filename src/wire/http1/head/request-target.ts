import { bytesEqualLower } from "../../field-names.ts";
import { ASTERISK, QUESTION, SLASH } from "../octets.ts";
import { isAuthority, Port } from "./authority.ts";

/**
 * True where `bytes[start, end)`, which are visible ASCII, are a target that fits the method (RFC
 * 9112 section 3.2): origin form; absolute form with http or https and a host; "*" for OPTIONS; for
 * CONNECT only host and port.
 */
export function isTarget(bytes: Uint8Array, start: number, end: number, method: string): boolean {
  if (method === "CONNECT") return isAuthority(bytes, start, end, Port.required);
  if (bytes[start] === SLASH) return true;
  if (isAsterisk(bytes, start, end)) return method === "OPTIONS";
  const authority = authorityStart(bytes, start, end);
  if (authority < 0) return false;
  let at = authority;
  while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION) at++;
  return isAuthority(bytes, authority, at, Port.optional);
}

/** True for the asterisk form. */
export function isAsterisk(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === ASTERISK;
}

function authorityStart(bytes: Uint8Array, start: number, end: number): number {
  for (const scheme of ["http://", "https://"]) {
    if (end - start > scheme.length && bytesEqualLower(bytes, start, scheme)) {
      return start + scheme.length;
    }
  }
  return -1;
}
