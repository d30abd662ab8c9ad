import { latin1 } from "../../core/bytes.ts";
import { ipv4Text, ipv6Text, parseIp } from "../address.ts";
import type { Address } from "../connection.ts";

/** A line of version 1, with its CRLF (section 2.1). */
const MAX_V1 = 107;
const V2_SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED = 16;
/** What may follow version 2's fixed part: addresses and TLVs. The format has room for 65535. */
const MAX_V2_LENGTH = 4096;

const Command = { local: 0, proxy: 1 } as const;
const Family = { unspecified: 0, inet: 1, inet6: 2, unix: 3 } as const;
const INET_LENGTH = 12;
const INET6_LENGTH = 36;
const UNIX_LENGTH = 216;

/** What a PROXY protocol header says. */
export interface ProxyHeader {
  /** The header is complete; else nothing below has a meaning yet. */
  readonly done: boolean;
  /** The header's length: what is behind belongs to the connection's protocol. */
  readonly consumed: number;
  /** The client, and where it connected to. Null where the header names no IP addresses (UNKNOWN, LOCAL, UNIX). */
  readonly source: Address | null;
  readonly destination: Address | null;
}

const MORE: ProxyHeader = { done: false, consumed: 0, source: null, destination: null };

/**
 * Reads the PROXY protocol's header, version 1 or 2, at a connection's beginning.
 * Source: "The PROXY protocol", HAProxy's proxy-protocol.txt, of which no deviation is accepted.
 */
export class ProxyProtocolParser {
  /** Bytes of a line that were looked at before. */
  private scanned = 0;

  /**
   * Reads `bytes`, everything that was received so far: where a call wasn't `done`, the next is
   * given the same bytes with more behind them. Throws an Error for what isn't a valid header, or
   * one that is too long (version 1: 107 bytes; version 2: 16 + 4096 bytes).
   */
  parse(bytes: Uint8Array): ProxyHeader {
    if (bytes.length === 0) return MORE;
    return bytes[0] === 0x0d ? parseV2(bytes) : this.parseV1(bytes);
  }

  private parseV1(bytes: Uint8Array): ProxyHeader {
    expect(bytes, "PROXY ");
    const end = Math.min(bytes.length, MAX_V1);
    for (let i = this.scanned; i < end; i++) {
      if (bytes[i] === 0x0a) throw malformed("a line feed without a carriage return");
      if (bytes[i] !== 0x0d) continue;
      if (i + 1 === bytes.length && i + 1 < MAX_V1) {
        this.scanned = i;
        return MORE;
      }
      if (i + 1 === end) break;
      if (bytes[i + 1] !== 0x0a) throw malformed("a carriage return without a line feed");
      return parseLine(latin1(bytes, 0, i), i + 2);
    }
    if (bytes.length >= MAX_V1) throw malformed(`no end of line within ${MAX_V1} bytes`);
    this.scanned = end;
    return MORE;
  }
}

function parseLine(line: string, consumed: number): ProxyHeader {
  const words = line.split(" ");
  const family = words[1];
  // Whatever follows UNKNOWN is to be ignored.
  if (family === "UNKNOWN") return { done: true, consumed, source: null, destination: null };
  if (family !== "TCP4" && family !== "TCP6") {
    throw malformed(`TCP4, TCP6 or UNKNOWN was expected, not ${JSON.stringify(family)}`);
  }
  if (words.length !== 6) {
    throw malformed(`two addresses and two ports were expected, not ${JSON.stringify(line)}`);
  }
  return {
    done: true,
    consumed,
    source: { ip: readIp(words[2], family), port: readPort(words[4]) },
    destination: { ip: readIp(words[3], family), port: readPort(words[5]) },
  };
}

function readIp(text: string, family: string): string {
  const ip = text.includes(":") === (family === "TCP6") ? parseIp(text) : undefined;
  if (ip === undefined) {
    throw malformed(`an address for ${family} was expected, not ${JSON.stringify(text)}`);
  }
  return ip;
}

function readPort(text: string): number {
  const port = /^(0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : 65536;
  if (port > 65535) throw malformed(`a port was expected, not ${JSON.stringify(text)}`);
  return port;
}

/**
 * ```
 * bytes 0-11  signature
 * byte 12     version (4 bits, 2), command (4 bits)
 * byte 13     address family (4 bits), transport (4 bits)
 * bytes 14-15 length of what follows: addresses, then TLVs
 * ```
 */
function parseV2(bytes: Uint8Array): ProxyHeader {
  expect(bytes, V2_SIGNATURE);
  if (bytes.length < V2_FIXED) return MORE;
  const version = bytes[12] >> 4;
  const command = bytes[12] & 0x0f;
  const family = bytes[13] >> 4;
  const transport = bytes[13] & 0x0f;
  const length = bytes[14] * 256 + bytes[15];
  if (version !== 2) throw malformed(`version ${version} after version 2's signature`);
  if (command > Command.proxy) throw malformed(`unknown command ${command}`);
  if (length > MAX_V2_LENGTH) {
    throw malformed(
      `${length} bytes of addresses and TLVs, of which at most ${MAX_V2_LENGTH} are read`,
    );
  }
  const local = command === Command.local;
  if (!local) checkFamily(family, transport, length);
  const consumed = V2_FIXED + length;
  if (bytes.length < consumed) return MORE;
  let source: Address | null = null;
  let destination: Address | null = null;
  if (!local && family === Family.inet) {
    source = { ip: ipv4Text(bytes, 16), port: readPort16(bytes, 24) };
    destination = { ip: ipv4Text(bytes, 20), port: readPort16(bytes, 26) };
  } else if (!local && family === Family.inet6) {
    source = { ip: ipv6Text(bytes, 16), port: readPort16(bytes, 48) };
    destination = { ip: ipv6Text(bytes, 32), port: readPort16(bytes, 50) };
  }
  return { done: true, consumed, source, destination };
}

function checkFamily(family: number, transport: number, length: number): void {
  if (family > Family.unix) throw malformed(`unknown address family ${family}`);
  if (transport > 2) throw malformed(`unknown transport ${transport}`);
  const needed =
    family === Family.inet
      ? INET_LENGTH
      : family === Family.inet6
        ? INET6_LENGTH
        : family === Family.unix
          ? UNIX_LENGTH
          : 0;
  if (length < needed) throw malformed(`${length} bytes of addresses, not ${needed}`);
}

function readPort16(bytes: Uint8Array, at: number): number {
  return bytes[at] * 256 + bytes[at + 1];
}

/** Throws unless the bytes begin with `text`, or with its beginning where there aren't more. */
function expect(bytes: Uint8Array, text: string): void {
  const end = Math.min(bytes.length, text.length);
  for (let i = 0; i < end; i++) {
    if (bytes[i] !== text.charCodeAt(i)) throw malformed("its first bytes are not those of one");
  }
}

function malformed(what: string): Error {
  return new Error(`Malformed PROXY protocol header: ${what}`);
}
