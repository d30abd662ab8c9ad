import { parseIpv6 } from "../core/cidr.ts";

export interface HostPort {
  /** Without brackets; empty for all addresses. */
  readonly hostname: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

const words = new Uint32Array(4);

/**
 * An address as entrypoints have it: `:80`, `127.0.0.1:80`, `[::1]:80`, with `/tcp` or `/udp` behind
 * it, in any case. Throws an Error that says what was found and what was expected.
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]*)\]|([^\s:[\]/]*)):(\d{1,5})(?:\/(tcp|udp))?$/i.exec(text);
  const port = Number(match?.[3]);
  const ipv6 = match?.[1];
  if (match === null || port > 65535 || (ipv6 !== undefined && !parseIpv6(ipv6, words))) {
    throw new Error(
      `expected an address such as ":80", "127.0.0.1:80" or "[::1]:80/tcp", found "${text}"`,
    );
  }
  return {
    hostname: ipv6 ?? match[2] ?? "",
    port,
    protocol: match[4]?.toLowerCase() === "udp" ? "udp" : "tcp",
  };
}

/**
 * Where the ":" before a port stands in a host as requests have it, or -1: the last one, behind
 * brackets or alone, as Go's net.SplitHostPort finds it. What follows need not be a number.
 */
export function portColon(host: string): number {
  const colon = host.lastIndexOf(":");
  if (colon < 0) return -1;
  const alone = host.indexOf(":") === colon && host.charCodeAt(0) !== 0x5b;
  return alone || (host.charCodeAt(0) === 0x5b && host.charCodeAt(colon - 1) === 0x5d) ? colon : -1;
}

/** A host as sockets want it: an IPv6 address without the brackets that URLs have. */
export function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
