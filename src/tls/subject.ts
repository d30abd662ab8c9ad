import {
  context,
  der,
  elementsOf,
  readDer,
  readObjectIdentifier,
  readText,
  SEQUENCE,
  SET,
  UTF8_STRING,
} from "./der.ts";

const PRINTABLE_STRING = 0x13;
/** What fits into one (ITU-T X.680 section 41.4). */
const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]*$/;
/** Attributes that have a name, by their object identifiers, in the order in which Go writes them. */
const NAMED: readonly (readonly [type: string, name: string])[] = [
  ["2.5.4.5", "SERIALNUMBER"],
  ["2.5.4.3", "CN"],
  ["2.5.4.17", "POSTALCODE"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.8", "ST"],
  ["2.5.4.7", "L"],
  ["2.5.4.11", "OU"],
  ["2.5.4.10", "O"],
  ["2.5.4.6", "C"],
];
/** Of these there is one; the last counts. */
const SINGLE: ReadonlySet<string> = new Set(["2.5.4.3", "2.5.4.5"]);

/**
 * The subject of a certificate in DER as text, such as "CN=worker,OU=a+OU=b,O=us": RFC 2253 as Go's
 * pkix.Name writes it, which Traefik logs. Throws an Error where the bytes are no certificate.
 */
export function subjectText(certificate: Uint8Array): string {
  const fields = elementsOf(elementsOf(readDer(certificate, SEQUENCE), SEQUENCE)[0], SEQUENCE);
  const subject = fields[fields[0]?.tag === context(0) ? 5 : 4];
  const values = new Map<string, string[]>();
  const others: string[] = [];
  for (const part of elementsOf(subject, SEQUENCE)) {
    for (const attribute of elementsOf(part, SET)) {
      const [type, value] = elementsOf(attribute, SEQUENCE);
      if (value === undefined) continue;
      const identifier = readObjectIdentifier(type);
      if (!NAMED.some(([named]) => named === identifier)) {
        others.unshift(`${identifier}=#${anew(readText(value)).toHex()}`);
      } else {
        const before = SINGLE.has(identifier) ? [] : (values.get(identifier) ?? []);
        values.set(identifier, [...before, readText(value)]);
      }
    }
  }
  const named = NAMED.filter(([type]) => values.has(type)).map(([type, name]) =>
    values
      .get(type)!
      .map((value) => `${name}=${escaped(value)}`)
      .join("+"),
  );
  return [...named, ...others].join(",");
}

/** Encoded as Go does, whatever its string's type was. */
function anew(text: string): Uint8Array {
  const tag = PRINTABLE.test(text) ? PRINTABLE_STRING : UTF8_STRING;
  return der(tag, new TextEncoder().encode(text));
}

/** RFC 2253 section 2.4. */
function escaped(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]|(?<!^) $/g, "\\$&");
}
