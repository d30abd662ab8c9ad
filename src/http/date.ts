import { latin1Bytes } from "../core/bytes.ts";

let second = 0;
let line = latin1Bytes("");

/** `Date: <IMF-fixdate> CRLF` for now (RFC 9110 section 6.6.1), made once a second. */
export function dateLine(): Uint8Array {
  const current = Math.floor(Date.now() / 1000);
  if (current !== second) {
    second = current;
    line = latin1Bytes(`Date: ${new Date(current * 1000).toUTCString()}\r\n`);
  }
  return line;
}
