import { latin1Bytes } from "../core/bytes.ts";

let second = 0;
let text = "";
let line = latin1Bytes("");

/** The present IMF-fixdate (RFC 9110 section 5.6.7), made once a second. */
export function httpDate(): string {
  const current = Math.floor(Date.now() / 1000);
  if (current !== second) {
    second = current;
    text = new Date(current * 1000).toUTCString();
    line = latin1Bytes(`Date: ${text}\r\n`);
  }
  return text;
}

/** `Date: <IMF-fixdate> CRLF` for now (RFC 9110 section 6.6.1). */
export function dateLine(): Uint8Array {
  httpDate();
  return line;
}
