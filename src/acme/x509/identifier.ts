import { parseIpv4, parseIpv6 } from "../../core/cidr.ts";
import { parseIp } from "../../net/address.ts";
import { der } from "../../tls/der.ts";
import { DNS_NAME, IP_ADDRESS } from "../../tls/x509/certificate-writer.ts";

/** What an order asks a certificate for (RFC 8555 section 7.1.3, RFC 8738). */
export interface Identifier {
  readonly type: "dns" | "ip";
  readonly value: string;
}

export function identifierOf(name: string): Identifier {
  const ip = parseIp(name);
  return ip === undefined ? { type: "dns", value: name } : { type: "ip", value: ip };
}

/** As a certificate's alternative name: a GeneralName in DER. */
export function generalNameOf(name: string): Uint8Array {
  const { type, value } = identifierOf(name);
  return type === "dns"
    ? der(DNS_NAME, new TextEncoder().encode(value))
    : der(IP_ADDRESS, ipBytes(value));
}

/** In network byte order. */
function ipBytes(ip: string): Uint8Array {
  const words = new Uint32Array(4);
  const isIpv6 = parseIpv6(ip, words);
  const bytes = new DataView(new ArrayBuffer(isIpv6 ? 16 : 4));
  if (!isIpv6) bytes.setUint32(0, parseIpv4(ip));
  else for (const [i, word] of words.entries()) bytes.setUint32(4 * i, word);
  return new Uint8Array(bytes.buffer);
}
