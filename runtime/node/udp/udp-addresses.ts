import { canonicalIp } from "../../../src/net/address.ts";
import type { Address } from "../../../src/net/connection.ts";

/** An address as the system gave it: what to answer to, where `ip` lost its zone or its mapping. */
export class UdpPeer implements Address {
  readonly ip: string;
  readonly port: number;
  /** The system's own text: `::ffff:192.0.2.1`, `fe80::1%eth0`. */
  readonly host: string;

  constructor(host: string, port: number) {
    this.ip = canonicalIp(host);
    this.port = port;
    this.host = host;
  }
}

/** The text that a socket of the given family sends to: a socket for both wants IPv4 mapped into IPv6. */
export function sendingHost(to: Address, ipv6: boolean): string {
  if (to instanceof UdpPeer) return to.host;
  return ipv6 && !to.ip.includes(":") ? `::ffff:${to.ip}` : to.ip;
}

/** The largest datagram over IPv4 (RFC 768, RFC 791): 65,535 without 20 and 8 bytes of headers. */
export const MAX_DATAGRAM = 65_507;
