import {
  context,
  elementsOf,
  readDer,
  readObjectIdentifier,
  readText,
  SEQUENCE,
  SET,
} from "../der.ts";

/** An attribute of a distinguished name: its object identifier, and its text. */
export type NameAttribute = readonly [type: string, text: string];

/** The distinguished names that an X.509 certificate in DER has. */
export interface CertificateNames {
  readonly subject: readonly NameAttribute[];
  readonly issuer: readonly NameAttribute[];
}

/** Throws an Error where the bytes are no certificate. */
export function certificateNames(certificate: Uint8Array): CertificateNames {
  const fields = elementsOf(elementsOf(readDer(certificate, SEQUENCE), SEQUENCE)[0], SEQUENCE);
  // The version is left out where it is the first.
  const first = fields[0]?.tag === context(0) ? 1 : 0;
  const attributes = (at: number): NameAttribute[] =>
    elementsOf(fields[first + at], SEQUENCE).flatMap((part) =>
      elementsOf(part, SET).flatMap((attribute): NameAttribute[] => {
        const [type, value] = elementsOf(attribute, SEQUENCE);
        return value === undefined ? [] : [[readObjectIdentifier(type), readText(value)]];
      }),
    );
  return { issuer: attributes(2), subject: attributes(4) };
}
