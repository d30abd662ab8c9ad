import { canonicalIp } from "../../src/net/address.ts";
import type { Address } from "../../src/net/connection.ts";

/**
 * How long a connection may be silent before the system asks whether the peer is still there, in
 * milliseconds: Traefik's 3 minutes.
 */
export const KEEP_ALIVE = 180_000;

/** What a socket says of one of its ends; of a socket that is closed already, nothing. */
export function socketAddress(ip: string | undefined, port: number | undefined): Address {
  return { ip: ip === undefined ? "" : canonicalIp(ip), port: port ?? 0 };
}
