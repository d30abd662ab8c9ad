import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { UdpOptions, UdpSocket } from "../../../src/net/udp/udp.ts";
import { bindAll } from "../bind-all.ts";
import { SystemError } from "../system-error.ts";

/**
 * Makes a socket as `options` say: by `connect` to a peer where they name one, else by `bind`. Both
 * are given addresses, never names. Rejects with a SystemError.
 */
export async function openUdp(
  { hostname, port, connect: peer }: UdpOptions,
  bind: (ip: string) => Promise<UdpSocket>,
  connect: (ip: string, port: number) => Promise<UdpSocket>,
): Promise<UdpSocket> {
  if (peer !== undefined) {
    try {
      const addresses = await addressesOf(peer.hostname);
      return await firstOf(addresses, (ip) => connect(ip, peer.port));
    } catch (error) {
      throw new SystemError("connect", peer.hostname, peer.port, error);
    }
  }
  try {
    return await (hostname === "" ? bindAll(bind) : bind((await addressesOf(hostname))[0]));
  } catch (error) {
    throw new SystemError("listen", hostname, port, error);
  }
}

/**
 * The addresses behind a name, in the system's order; an address is its own. Never empty. A socket
 * that is given a name itself would look it up while everything waits.
 */
async function addressesOf(hostname: string): Promise<string[]> {
  if (isIP(hostname) !== 0) return [hostname];
  // Looked up, it would be this host.
  if (hostname === "") throw new Error("no host to connect to");
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

/** The first of `addresses` that `connect` manages; rejects with the first one's error. */
async function firstOf<T>(
  addresses: readonly string[],
  connect: (ip: string) => Promise<T>,
): Promise<T> {
  let first: unknown;
  for (const ip of addresses) {
    try {
      return await connect(ip);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}
