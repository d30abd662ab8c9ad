import { latin1, latin1Bytes } from "../../core/bytes.ts";

/** Bytes of a name on the wire, its final zero included, and of one of its labels (RFC 1035 section 2.3.4). */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;

/** With the final dot that says that a name is whole. */
export function fullyQualified(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

/** Without the final dot. */
export function withoutFinalDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** The name itself, then each one above it, the root excepted: `a.b.c.`, `b.c.`, `c.`. */
export function namesUpwards(name: string): string[] {
  const labels = withoutFinalDot(name).split(".");
  return labels.map((_, at) => `${labels.slice(at).join(".")}.`);
}

/**
 * A name without the zone that it is in: `_acme-challenge.www` of `_acme-challenge.www.example.com.` in
 * `example.com.`. Throws an Error where it isn't below that zone.
 */
export function nameInZone(name: string, zone: string): string {
  const whole = withoutFinalDot(name);
  const end = `.${withoutFinalDot(zone)}`;
  if (!whole.toLowerCase().endsWith(end.toLowerCase()))
    throw new Error(`expected a name below the zone "${zone}", found "${name}"`);
  return whole.slice(0, -end.length);
}

/** A name in the form of the wire, in lower case where it is `canonical`. Throws an Error where it is none. */
export function encodeName(name: string, canonical = false): Uint8Array {
  const bare = withoutFinalDot(canonical ? name.toLowerCase() : name);
  const labels = bare === "" ? [] : bare.split(".");
  const bytes: number[] = [];
  for (const label of labels) {
    const text = latin1Bytes(label);
    if (text.length === 0 || text.length > LONGEST_LABEL)
      throw new Error(
        `expected a domain name with labels of 1 to ${LONGEST_LABEL} bytes, found "${name}"`,
      );
    bytes.push(text.length, ...text);
  }
  bytes.push(0);
  if (bytes.length > LONGEST_NAME)
    throw new Error(`expected a domain name of at most ${LONGEST_NAME} bytes, found "${name}"`);
  return Uint8Array.from(bytes);
}

/**
 * The name at `at` in a message, with its final dot, and the offset behind it. Pointers (RFC 1035
 * section 4.1.4) lead backwards only, so that no circle has an end to wait for. Throws an Error
 * where it is malformed.
 */
export function decodeName(message: Uint8Array, at: number): { name: string; end: number } {
  let name = "";
  let end = -1;
  let lowest = at;
  for (;;) {
    const length = message[at];
    if (length === undefined) throw new Error("malformed DNS message: a name goes beyond its end");
    if (length === 0) return { name: name === "" ? "." : name, end: end < 0 ? at + 1 : end };
    if (length >= 0xc0) {
      const next = message[at + 1];
      const target = ((length & 0x3f) << 8) | (next ?? 0);
      if (next === undefined || target >= lowest)
        throw new Error("malformed DNS message: a name's pointer leads nowhere");
      if (end < 0) end = at + 2;
      at = lowest = target;
      continue;
    }
    if (length > LONGEST_LABEL || at + 1 + length > message.length)
      throw new Error("malformed DNS message: a label goes beyond its end");
    name += `${latin1(message, at + 1, at + 1 + length)}.`;
    if (name.length > LONGEST_NAME) throw new Error("malformed DNS message: a name is too long");
    at += 1 + length;
  }
}
