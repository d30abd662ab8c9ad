import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { SystemError } from "../system-error.ts";

const LISTENING = "0A";

/**
 * Throws where something listens on that TCP port already. Sockets that share their port
 * (SO_REUSEPORT) would let one more join them in silence. Linux tells; elsewhere nothing is checked.
 */
export async function checkPortFree(hostname: string, port: number): Promise<void> {
  if (port === 0) return;
  const family = isIP(hostname);
  const everywhere = hostname === "" || hostname === "::" || hostname === "0.0.0.0";
  const tables = family === 6 && !everywhere ? ["tcp6"] : ["tcp", "tcp6"];
  const taken = tables
    .flatMap((table) => listeners(table, port))
    .some((ip) => everywhere || /^0+$/.test(ip) || (family === 4 && ip === hexAddress(hostname)));
  if (taken) throw new SystemError("listen", hostname, port, { code: "EADDRINUSE" });
}

/** The addresses, as the kernel writes them, that listen on that port. */
function listeners(table: string, port: number): string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/net/${table}`, "latin1");
  } catch {
    return [];
  }
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return text.split("\n").flatMap((line) => {
    // sl local_address rem_address st ...
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [ip, localPort] = local.split(":");
    return state === LISTENING && localPort === hexPort ? [ip] : [];
  });
}

/** An IPv4 address in the kernel's byte order, which is little-endian on all that we run on. */
function hexAddress(ip: string): string {
  return ip
    .split(".")
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, "0"))
    .join("");
}
