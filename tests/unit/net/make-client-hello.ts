import { concatBytes, latin1Bytes } from "../../../src/core/bytes.ts";

export type Extension = readonly [type: number, content: Uint8Array];

export interface HelloParts {
  readonly type?: number;
  readonly version?: number;
  readonly sessionId?: Uint8Array;
  readonly cipherSuites?: Uint8Array;
  readonly compression?: Uint8Array;
  /** Null leaves out even their length, as old clients do. */
  readonly extensions?: readonly Extension[] | null;
}

export const uint16 = (value: number) => Uint8Array.of(value >> 8, value & 0xff);

/** A vector behind its length in one or two bytes. */
export const vector8 = (...content: Uint8Array[]) => {
  const joined = concatBytes(content);
  return concatBytes([Uint8Array.of(joined.length), joined]);
};
export const vector16 = (...content: Uint8Array[]) => {
  const joined = concatBytes(content);
  return concatBytes([uint16(joined.length), joined]);
};

const hostNameEntry = (name: string, type = 0) =>
  concatBytes([Uint8Array.of(type), vector16(latin1Bytes(name))]);

/** The extension of one or several server names. */
export const serverNames = (...names: string[]): Extension => [
  0,
  vector16(...names.map((name) => hostNameEntry(name))),
];
export const serverNameOfType = (name: string, type: number): Extension => [
  0,
  vector16(hostNameEntry(name, type)),
];
export const protocols = (...names: string[]): Extension => [
  16,
  vector16(...names.map((name) => vector8(latin1Bytes(name)))),
];
export const versions = (...numbers: number[]): Extension => [43, vector8(...numbers.map(uint16))];

/** A handshake message, without records. */
export function helloMessage(parts: HelloParts = {}): Uint8Array {
  const { type = 1, version = 0x0303, extensions = [] } = parts;
  const list = (extensions ?? []).map(([id, content]) =>
    concatBytes([uint16(id), vector16(content)]),
  );
  const body = concatBytes([
    uint16(version),
    new Uint8Array(32).fill(7),
    vector8(parts.sessionId ?? new Uint8Array(32)),
    vector16(parts.cipherSuites ?? Uint8Array.of(0x13, 0x01)),
    vector8(parts.compression ?? Uint8Array.of(0)),
    ...(extensions === null ? [] : [vector16(...list)]),
  ]);
  const { length } = body;
  return concatBytes([
    Uint8Array.of(type, length >> 16, (length >> 8) & 0xff, length & 0xff),
    body,
  ]);
}

/** The message in records of the given size. */
export function inRecords(message: Uint8Array, size = 2 ** 14): Uint8Array {
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size);
    records.push(Uint8Array.of(22, 3, 1), vector16(fragment));
  }
  return concatBytes(records);
}

/** One record with a ClientHello of these parts. */
export const hello = (parts?: HelloParts) => inRecords(helloMessage(parts));
