import { parseIpv4, parseIpv6 } from "../core/cidr.ts";
import type { Address } from "./connection.ts";
import { isSocketPath } from "./unix-socket.ts";

const MAPPED = "::ffff:";

/**
 * The canonical form of an address that the system gave as text: no brackets, no zone, and an IPv4
 * address mapped into IPv6 (RFC 4291 section 2.5.5.2) as the IPv4 address that it is.
 */
export function canonicalIp(text: string): string {
  if (!text.includes(":")) return text;
  let ip = text.startsWith("[") ? text.slice(1, -1) : text;
  const zone = ip.indexOf("%");
  if (zone >= 0) ip = ip.slice(0, zone);
  return ip.startsWith(MAPPED) && ip.includes(".") ? ip.slice(MAPPED.length) : ip;
}

/** `1.2.3.4:80`, `[2001:db8::1]:80`, or `unix:/run/app.sock` for the path of a Unix socket. */
export function formatAddress({ ip, port }: Address): string {
  if (isSocketPath(ip)) return `unix:${ip}`;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

const words = new Uint32Array(4);
const groups = new Uint16Array(8);

/** The canonical form of an address that a peer or a user wrote; undefined where it is none. */
export function parseIp(text: string): string | undefined {
  if (!text.includes(":")) return parseIpv4(text) < 0 ? undefined : text;
  if (!parseIpv6(text, words)) return undefined;
  for (let i = 0; i < 8; i++) groups[i] = words[i >> 1] >>> (i % 2 === 0 ? 16 : 0);
  return groupsText();
}

/** The text of the IPv4 address in the 4 bytes at `at`. */
export function ipv4Text(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** The canonical text of the IPv6 address in the 16 bytes at `at` (RFC 5952 section 4). */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  for (let i = 0; i < 8; i++) groups[i] = bytes[at + 2 * i] * 256 + bytes[at + 2 * i + 1];
  return groupsText();
}

function groupsText(): string {
  if (isMapped()) {
    return `${groups[6] >> 8}.${groups[6] & 0xff}.${groups[7] >> 8}.${groups[7] & 0xff}`;
  }
  // The longest run of zeros, the first of equals, is left out; a single zero is not.
  let gap = -1;
  let gapLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > gapLength) {
      gap = i;
      gapLength = end - i;
    }
  }
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === gap) {
      text += "::";
      i += gapLength - 1;
    } else {
      if (text !== "" && !text.endsWith(":")) text += ":";
      text += groups[i].toString(16);
    }
  }
  return text;
}

function isMapped(): boolean {
  for (let i = 0; i < 5; i++) if (groups[i] !== 0) return false;
  return groups[5] === 0xffff;
}
