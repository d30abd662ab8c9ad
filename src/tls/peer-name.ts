import { parseIp } from "../net/address.ts";
import type { Certificate } from "./certificate.ts";

/**
 * Whether a certificate is for a host, as in Go: of the subject alternative names alone, never the
 * common name (RFC 9525 section 6). A wildcard is a whole label, the first one, and stands for one.
 */
export function isForHost(certificate: Certificate, host: string): boolean {
  const ip = parseIp(host);
  if (ip !== undefined) return certificate.ipAddresses.includes(ip);
  const name = host.toLowerCase().replace(/\.$/, "");
  if (!isHostName(name)) return false;
  return certificate.dnsNames.some((pattern) => matches(pattern.toLowerCase(), name));
}

function matches(pattern: string, name: string): boolean {
  const wanted = pattern.replace(/\.$/, "");
  if (!wanted.startsWith("*.")) return wanted === name;
  const dot = name.indexOf(".");
  const parent = wanted.slice(2);
  return dot > 0 && parent !== "" && name.slice(dot + 1) === parent;
}

/** No empty labels, and nothing that a pattern could mean something else by. */
function isHostName(name: string): boolean {
  return name.split(".").every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
}
