import {
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  DOT,
  HEX,
  NINE,
  NO_DIGIT,
  REG_NAME,
  ZERO,
} from "../octets.ts";

/** Whether an authority must name a port. */
export const Port = { optional: 0, required: 1 } as const;
export type Port = (typeof Port)[keyof typeof Port];

/**
 * True where `bytes[start, end)` is `uri-host [ ":" port ]` (RFC 3986 section 3.2.2, RFC 9110
 * section 7.2): a name of unreserved characters, an IPv4 address or an IPv6 address in brackets; no
 * user information, no zone. The port is 0 to 65535, or empty as the grammar has it.
 */
export function isAuthority(bytes: Uint8Array, start: number, end: number, port: Port): boolean {
  let at = start;
  if (at < end && bytes[at] === BRACKET_OPEN) {
    while (at < end && bytes[at] !== BRACKET_CLOSE) at++;
    if (at === end || !isIpv6(bytes, start + 1, at)) return false;
    at++;
  } else {
    while (at < end && REG_NAME[bytes[at]] === 1) at++;
    if (at === start) return false;
  }
  if (at === end) return port === Port.optional;
  return (
    bytes[at] === COLON && isPort(bytes, at + 1, end) && (port === Port.optional || at + 1 < end)
  );
}

function isPort(bytes: Uint8Array, at: number, end: number): boolean {
  let port = 0;
  for (; at < end; at++) {
    if (bytes[at] < ZERO || bytes[at] > NINE) return false;
    port = port * 10 + bytes[at] - ZERO;
    if (port > 65535) return false;
  }
  return true;
}

/** `h16 *( ":" h16 )` with one "::" for zeros and perhaps an IPv4 address at the end. */
function isIpv6(bytes: Uint8Array, at: number, end: number): boolean {
  let groups = 0;
  let gap = false;
  if (at < end && bytes[at] === COLON) {
    if (bytes[at + 1] !== COLON) return false;
    gap = true;
    at += 2;
    if (at === end) return true;
  }
  for (;;) {
    const start = at;
    while (at < end && HEX[bytes[at]] !== NO_DIGIT) at++;
    if (at < end && bytes[at] === DOT) {
      return (gap ? groups <= 5 : groups === 6) && isIpv4(bytes, start, end);
    }
    if (at === start || at - start > 4) return false;
    groups++;
    if (at === end) break;
    if (bytes[at++] !== COLON) return false;
    if (at === end) return false;
    if (bytes[at] === COLON) {
      if (gap) return false;
      gap = true;
      at++;
      if (at === end) break;
    }
  }
  return gap ? groups <= 7 : groups === 8;
}

function isIpv4(bytes: Uint8Array, at: number, end: number): boolean {
  for (let part = 1; part <= 4; part++) {
    const start = at;
    let value = 0;
    while (at < end && bytes[at] >= ZERO && bytes[at] <= NINE)
      value = value * 10 + bytes[at++] - ZERO;
    const digits = at - start;
    if (digits === 0 || digits > 3 || value > 255 || (digits > 1 && bytes[start] === ZERO))
      return false;
    if (part < 4 && (at === end || bytes[at++] !== DOT)) return false;
  }
  return at === end;
}
