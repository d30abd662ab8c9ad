import { latin1Bytes } from "../../core/bytes.ts";

/**
 * Ids of pseudo-header fields (RFC 9113 section 8.3) in a decoded header block, beside those of
 * field-names.ts: below -1, which marks a deleted field. `unknown` is every other name with a colon in front.
 */
export const PSEUDO = {
  method: -2,
  scheme: -3,
  authority: -4,
  path: -5,
  status: -6,
  protocol: -7,
  unknown: -8,
} as const;

const BY_NAME = new Map<string, number>([
  [":method", PSEUDO.method],
  [":scheme", PSEUDO.scheme],
  [":authority", PSEUDO.authority],
  [":path", PSEUDO.path],
  [":status", PSEUDO.status],
  [":protocol", PSEUDO.protocol],
]);

/** The id of a name that begins with a colon. */
export function pseudoIdOfName(name: string): number {
  return BY_NAME.get(name) ?? PSEUDO.unknown;
}

const NO_NAME = new Uint8Array(0);
const HOST = latin1Bytes("host");

/** The name that a decoded block has for a pseudo-header field (see DecodedBlock.fields). */
export function storedName(id: number): Uint8Array {
  return id === PSEUDO.authority ? HOST : NO_NAME;
}
