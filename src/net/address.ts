import type { Address } from "./connection.ts";

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

/** `1.2.3.4:80`, or `[2001:db8::1]:80`. */
export function formatAddress({ ip, port }: Address): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
