import { type ErrorCode, ProxyError } from "../../core/errors.ts";

/**
 * Makes the error for a message that breaks the rules. `code` is what it means in a request; in a
 * response every breach is the same protocol error.
 */
export type Refuse = (code: ErrorCode, message: string) => ProxyError;

export const refuseRequest: Refuse = (code, message) => new ProxyError(code, "downstream", message);

export const refuseResponse: Refuse = (_code, message) =>
  new ProxyError("upstream-protocol", "upstream", message);

/** An octet as an error message shows it: `"a"` or `0x0a`. */
export function showOctet(octet: number): string {
  if (octet > 0x20 && octet < 0x7f) return JSON.stringify(String.fromCharCode(octet));
  return `0x${octet.toString(16).padStart(2, "0")}`;
}

const SHOWN = 80;

/** `bytes[start, end)` as an error message shows them: quoted, printable, not long. */
export function showOctets(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end && i < start + SHOWN; i++) {
    const octet = bytes[i];
    text +=
      octet >= 0x20 && octet < 0x7f
        ? String.fromCharCode(octet)
        : `\\x${showOctet(octet).slice(2)}`;
  }
  return end - start > SHOWN ? `"${text}..."` : `"${text}"`;
}
