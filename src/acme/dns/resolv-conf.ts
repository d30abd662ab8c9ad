import type { Files } from "../../net/runtime.ts";

const PATH = "/etc/resolv.conf";

/** lego's, where the system names none. */
const PUBLIC: readonly string[] = ["1.1.1.1:53", "1.0.0.1:53"];

/** The system's recursive name servers (resolv.conf(5)), as "host:port". */
export async function systemNameServers(files: Pick<Files, "read">): Promise<readonly string[]> {
  let text: string;
  try {
    text = new TextDecoder().decode(await files.read(PATH));
  } catch {
    return PUBLIC;
  }
  const servers = nameServersIn(text);
  return servers.length > 0 ? servers : PUBLIC;
}

/** The servers that a resolv.conf names. A zone of a link-local address stays with it. */
export function nameServersIn(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+([0-9a-f.:]+(?:%\S+)?)/gim)].map(([, address]) =>
    address.includes(":") ? `[${address}]:53` : `${address}:53`,
  );
}
