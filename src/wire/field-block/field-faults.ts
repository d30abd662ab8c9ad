import { HTAB, SP, skip, TOKEN, VALUE } from "../http1/octets.ts";

const LOWER_TOKEN = TOKEN.slice();
LOWER_TOKEN.fill(0, 0x41, 0x5b);

/** What makes `bytes[start, end)` no name of a regular field (RFC 9113 section 8.2.1), null for nothing. */
export function nameFault(bytes: Uint8Array, start: number, end: number): string | null {
  if (start === end) return "A field with an empty name";
  for (let i = start; i < end; i++) {
    if (LOWER_TOKEN[bytes[i]] === 0) return `A field name with ${showOctet(bytes[i])}`;
  }
  return null;
}

/**
 * What makes `bytes[start, end)` no field value, null for nothing: whitespace around it, or a control
 * character. RFC 9113 section 8.2.1 allows some of these; RFC 9110 section 5.5 does not.
 */
export function valueFault(bytes: Uint8Array, start: number, end: number): string | null {
  if (start === end) return null;
  const bad = skip(VALUE, bytes, start, end);
  if (bad < end) return `A field value with ${showOctet(bytes[bad])}`;
  if (isBlank(bytes[start]) || isBlank(bytes[end - 1])) {
    return "A field value with whitespace around it";
  }
  return null;
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

function showOctet(octet: number): string {
  return `the octet 0x${octet.toString(16).padStart(2, "0")}`;
}
