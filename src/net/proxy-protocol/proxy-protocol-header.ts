import { concatBytes, latin1Bytes } from "../../core/bytes.ts";
import { parseIpv6 } from "../../core/cidr.ts";
import type { Address } from "../connection.ts";

const V2_SIGNATURE = latin1Bytes("\r\n\r\n\0\r\nQUIT\n");
/** Version 2, command PROXY. */
const V2_PROXY = 0x21;
const STREAM_OVER_INET = 0x11;
const STREAM_OVER_INET6 = 0x21;

/**
 * The PROXY protocol's header that tells a server who its client is. IPv4 and IPv6 mixed become
 * IPv6, as one header has one family. Source: HAProxy's proxy-protocol.txt, sections 2.1 and 2.2.
 */
export function proxyProtocolHeader(
  version: 1 | 2,
  source: Address,
  destination: Address,
): Uint8Array {
  const inet6 = source.ip.includes(":") || destination.ip.includes(":");
  return version === 1
    ? latin1Bytes(
        `PROXY ${inet6 ? "TCP6" : "TCP4"} ${text(source.ip, inet6)} ${text(destination.ip, inet6)} ${source.port} ${destination.port}\r\n`,
      )
    : version2(source, destination, inet6);
}

function version2(source: Address, destination: Address, inet6: boolean): Uint8Array {
  const addresses = concatBytes([octets(source.ip, inet6), octets(destination.ip, inet6)]);
  const length = addresses.length + 4;
  const family = inet6 ? STREAM_OVER_INET6 : STREAM_OVER_INET;
  return concatBytes([
    V2_SIGNATURE,
    Uint8Array.of(V2_PROXY, family, length >> 8, length & 0xff),
    addresses,
    Uint8Array.of(source.port >> 8, source.port & 0xff),
    Uint8Array.of(destination.port >> 8, destination.port & 0xff),
  ]);
}

/** An IPv4 address in an IPv6 header is a mapped one (RFC 4291 section 2.5.5.2). */
function text(ip: string, inet6: boolean): string {
  return inet6 && !ip.includes(":") ? `::ffff:${ip}` : ip;
}

function octets(ip: string, inet6: boolean): Uint8Array {
  if (!inet6) return Uint8Array.from(ip.split("."), Number);
  const words = new Uint32Array(4);
  parseIpv6(text(ip, true), words);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(i * 4, word);
  });
  return bytes;
}
