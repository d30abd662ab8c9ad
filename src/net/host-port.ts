export interface HostPort {
  /** Without brackets; empty for all addresses. */
  readonly hostname: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/**
 * An address as entrypoints have it: `:80`, `127.0.0.1:80`, `[::1]:80`, with `/tcp` or `/udp` behind
 * it. Throws an Error that says what was found and what was expected.
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})(?:\/(tcp|udp))?$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new Error(
      `expected an address such as ":80", "127.0.0.1:80" or "[::1]:80/tcp", found "${text}"`,
    );
  }
  return {
    hostname: match[1] ?? match[2] ?? "",
    port,
    protocol: match[4] === "udp" ? "udp" : "tcp",
  };
}
