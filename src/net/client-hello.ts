import { latin1 } from "../core/bytes.ts";
import { parseIp } from "./address.ts";

/** What a client says in the first message of a TLS handshake (RFC 8446 section 4.1.2), as far as it decides who serves it. */
export interface ClientHello {
  /** The name asked for (RFC 6066 section 3), in lower case; "" for none. With an encrypted ClientHello, the outer one's. */
  readonly serverName: string;
  /** Protocols offered (RFC 7301), in the client's order; empty without the extension. Bytes as Latin-1. */
  readonly alpn: readonly string[];
  /** Such as 0x0304 for TLS 1.3, in the client's order; the highest alone where it is an old client's. */
  readonly supportedVersions: readonly number[];
}

/** Type, version and length (RFC 8446 section 5.1). */
const RECORD_HEADER = 5;
/** Plaintext of one record. */
const MAX_RECORD = 2 ** 14;
/** Type and length (RFC 8446 section 4). */
const MESSAGE_HEADER = 4;
/** Go takes no handshake message above this; real ones have 200 to 2000 bytes. */
const MAX_MESSAGE = 64 * 1024;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;

const NO_BYTES = new Uint8Array(0);

/**
 * Reads a ClientHello off a connection's first bytes. The message may come in any number of records
 * and chunks: a byte is looked at once and copied at most a few times. Takes messages of up to 64
 * KiB, so it keeps at most 6 times that where a client sends a record for each byte.
 */
export class ClientHelloParser {
  private buffer: Uint8Array = NO_BYTES;
  private length = 0;
  /** Read up to here. */
  private at = 0;
  /** Bytes that the current record still has to bring. */
  private recordLeft = 0;
  /** Bytes of the handshake message so far, its header included. */
  private messageBytes = 0;
  /** Of the message without its header. Counts while the header is read. */
  private messageLength = 0;

  /** All bytes that were pushed, for the runtime that does the handshake. */
  get received(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /**
   * Takes the next chunk, which is the parser's from now on. Returns null while the message isn't
   * complete. Throws an Error that says what is wrong where the bytes are no ClientHello.
   */
  push(chunk: Uint8Array): ClientHello | null {
    this.append(chunk);
    while (this.at < this.length) {
      if (this.recordLeft === 0 && !this.readRecordHeader()) return null;
      this.readFragment();
      const end = MESSAGE_HEADER + this.messageLength;
      if (this.messageBytes >= MESSAGE_HEADER && this.messageBytes >= end) {
        return parseClientHello(this.message(end), MESSAGE_HEADER, end);
      }
    }
    return null;
  }

  private append(chunk: Uint8Array): void {
    if (this.length === 0) {
      this.buffer = chunk;
      this.length = chunk.length;
      return;
    }
    const length = this.length + chunk.length;
    if (length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.buffer.length, 512));
      larger.set(this.received);
      this.buffer = larger;
    }
    this.buffer.set(chunk, this.length);
    this.length = length;
  }

  /** False where it isn't there as a whole. */
  private readRecordHeader(): boolean {
    const { buffer, at } = this;
    const type = buffer[at];
    if (type !== HANDSHAKE) {
      throw new Error(
        this.messageBytes === 0
          ? `expected a TLS handshake record, found a record of type ${type}`
          : `expected the rest of a ClientHello, found a record of type ${type}`,
      );
    }
    if (this.length - at < RECORD_HEADER) return false;
    if (buffer[at + 1] !== 3) {
      throw new Error(`expected a TLS record, found version ${buffer[at + 1]}.${buffer[at + 2]}`);
    }
    const length = buffer[at + 3] * 256 + buffer[at + 4];
    // Handshake messages have no empty fragments, in any version (RFC 5246 section 6.2.1).
    if (length === 0 || length > MAX_RECORD) {
      throw new Error(
        `expected a handshake record of 1 to ${MAX_RECORD} bytes, found one of ${length}`,
      );
    }
    this.recordLeft = length;
    this.at = at + RECORD_HEADER;
    return true;
  }

  /** Counts what is there of the current record, and reads the message's header where it is in it. */
  private readFragment(): void {
    const { buffer } = this;
    const end = Math.min(this.length, this.at + this.recordLeft);
    for (let i = this.at; i < end && this.messageBytes + i - this.at < MESSAGE_HEADER; i++) {
      if (this.messageBytes + i - this.at === 0) {
        if (buffer[i] !== CLIENT_HELLO) {
          throw new Error(`expected a ClientHello, found a handshake message of type ${buffer[i]}`);
        }
      } else {
        this.messageLength = this.messageLength * 256 + buffer[i];
        if (this.messageLength > MAX_MESSAGE) {
          throw new Error(`expected a ClientHello of at most ${MAX_MESSAGE} bytes, found more`);
        }
      }
    }
    this.messageBytes += end - this.at;
    this.recordLeft -= end - this.at;
    this.at = end;
  }

  /** The first `length` bytes of the handshake message: in place where one record has them all. */
  private message(length: number): Uint8Array {
    const { buffer } = this;
    const first = buffer[3] * 256 + buffer[4];
    if (first >= length) return buffer.subarray(RECORD_HEADER, RECORD_HEADER + length);
    const joined = new Uint8Array(length);
    let written = 0;
    let at = 0;
    while (written < length) {
      const size = Math.min(buffer[at + 3] * 256 + buffer[at + 4], length - written);
      at += RECORD_HEADER;
      joined.set(buffer.subarray(at, at + size), written);
      written += size;
      at += size;
    }
    return joined;
  }
}

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;

const MAX_SESSION_ID = 32;
const NO_PROTOCOLS: readonly string[] = [];

function parseClientHello(bytes: Uint8Array, start: number, end: number): ClientHello {
  const reader = new Reader(bytes, start, end);
  const legacyVersion = reader.uint16();
  if (legacyVersion >> 8 !== 3) {
    throw new Error(`expected a ClientHello of TLS, found version 0x${legacyVersion.toString(16)}`);
  }
  reader.skip(32);
  const sessionId = reader.uint8();
  if (sessionId > MAX_SESSION_ID) throw malformed("its session id is too long");
  reader.skip(sessionId);
  const cipherSuites = reader.uint16();
  if (cipherSuites === 0 || cipherSuites % 2 !== 0) throw malformed("its cipher suites");
  reader.skip(cipherSuites);
  const compressionMethods = reader.uint8();
  if (compressionMethods === 0) throw malformed("it has no compression method");
  reader.skip(compressionMethods);

  let serverName = "";
  let alpn = NO_PROTOCOLS;
  let supportedVersions: readonly number[] | undefined;
  if (!reader.done) {
    reader.limit(reader.uint16(), "its extensions");
    const seen = new Set<number>();
    while (!reader.done) {
      const type = reader.uint16();
      const extension = reader.part(reader.uint16());
      if (seen.has(type)) throw malformed(`it has the extension ${type} twice`);
      seen.add(type);
      if (type === SERVER_NAME) serverName = readServerName(extension);
      else if (type === ALPN) alpn = readProtocols(extension);
      else if (type === SUPPORTED_VERSIONS) supportedVersions = readVersions(extension);
    }
  }
  return { serverName, alpn, supportedVersions: supportedVersions ?? [legacyVersion] };
}

/** RFC 6066 section 3. There is one type of names, and a list has one name of a type. */
function readServerName(extension: Reader): string {
  extension.limit(extension.uint16(), "its list of server names");
  const type = extension.uint8();
  if (type !== 0) throw malformed(`its server name is of type ${type}`);
  const name = extension.part(extension.uint16());
  if (!extension.done) throw malformed("it has several server names");
  return hostName(latin1(name.bytes, name.at, name.end));
}

/** RFC 7301 section 3.1. */
function readProtocols(extension: Reader): string[] {
  extension.limit(extension.uint16(), "its list of protocols");
  if (extension.done) throw malformed("its list of protocols is empty");
  const protocols: string[] = [];
  while (!extension.done) {
    const { bytes, at, end } = extension.part(extension.uint8());
    if (at === end) throw malformed("it has a protocol without a name");
    const grease = end - at === 2 && isGrease(bytes[at] * 256 + bytes[at + 1]);
    if (!grease) protocols.push(latin1(bytes, at, end));
  }
  return protocols;
}

/** RFC 8446 section 4.2.1. */
function readVersions(extension: Reader): number[] {
  const length = extension.uint8();
  if (length === 0 || length % 2 !== 0) throw malformed("its supported versions");
  extension.limit(length, "its supported versions");
  const versions: number[] = [];
  while (!extension.done) {
    const version = extension.uint16();
    if (!isGrease(version)) versions.push(version);
  }
  return versions;
}

/** RFC 8701: values that mean nothing, which clients send lest servers stop ignoring them. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

const MAX_NAME = 253;
const MAX_LABEL = 63;

/**
 * The name in lower case. Throws where it can't be a host's: an empty label (so a dot at the end,
 * which Traefik refuses too), a label or name that is too long, other characters than letters,
 * digits, "-" and "_". An IP address is no name by the RFC, yet clients send them: as in Traefik it
 * is taken like one, and so meets certificates that name it.
 */
function hostName(name: string): string {
  let label = 0;
  let valid = name.length <= MAX_NAME;
  for (let i = 0; i < name.length && valid; i++) {
    const code = name.charCodeAt(i);
    if (code === 0x2e) {
      valid = label > 0;
      label = 0;
    } else {
      valid = isNameCharacter(code) && ++label <= MAX_LABEL;
    }
  }
  if (valid && label > 0) return name.toLowerCase();
  const ip = name.includes(":") ? parseIp(name) : undefined;
  if (ip !== undefined) return ip;
  throw malformed(`its server name ${JSON.stringify(name.slice(0, MAX_NAME))} is no host's name`);
}

function isNameCharacter(code: number): boolean {
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) return true;
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f;
}

function malformed(what: string): Error {
  return new Error(`the ClientHello is malformed: ${what}`);
}

/** Reads the lengths and values of TLS's presentation language (RFC 8446 section 3) within bounds. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at === this.end;
  }

  uint8(): number {
    this.skip(1);
    return this.bytes[this.at - 1];
  }

  uint16(): number {
    this.skip(2);
    return this.bytes[this.at - 2] * 256 + this.bytes[this.at - 1];
  }

  skip(length: number): void {
    if (this.end - this.at < length) throw malformed("a length in it goes beyond its end");
    this.at += length;
  }

  /** A reader of the next `length` bytes, which this one is past then. */
  part(length: number): Reader {
    this.skip(length);
    return new Reader(this.bytes, this.at - length, this.at);
  }

  /** Makes sure that a vector of `length` bytes is all that is left. */
  limit(length: number, what: string): void {
    if (this.end - this.at !== length) throw malformed(`${what} has a wrong length`);
  }
}
