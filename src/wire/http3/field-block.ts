import { writeLatin1 } from "../../core/bytes.ts";
import type { Http3Fields } from "../../net/http3.ts";
import { DecodedBlock } from "../field-block/decoded-block.ts";
import { nameFault, valueFault } from "../field-block/field-faults.ts";
import { PSEUDO, pseudoIdOfName, storedName } from "../field-block/pseudo.ts";
import { FieldId, fieldIdOfBytes } from "../field-names.ts";
import { COLON } from "../http1/octets.ts";

/** What RFC 9114 section 4.2.2 counts for a field besides its name and value. */
const FIELD_OVERHEAD = 32;
/** Both are Latin-1; more than an octet is none. */
const NO_OCTET = /[^\x00-\xff]/;

/** True where a head or a trailer section is larger than that, as `sectionSize` counts: over HTTP/2 the same is. */
export function isTooLarge(lines: Http3Fields, maxBytes: number): boolean {
  return sectionSize(lines) > maxBytes;
}

/** The size of a head or a trailer section as RFC 9114 section 4.2.2 counts it, in bytes. */
export function sectionSize(lines: Http3Fields): number {
  let size = 0;
  for (const [name, value] of lines) size += name.length + value.length + FIELD_OVERHEAD;
  return size;
}

/** A head or a trailer section in the form that the decoder of HTTP/2 gives it, so that one set of rules is for both. */
export function fieldBlock(lines: Http3Fields): DecodedBlock {
  const block = new DecodedBlock();
  const bytes = new Uint8Array(sectionSize(lines));
  const { fields } = block;
  let regular = false;
  let at = 0;
  for (const [name, value] of lines) {
    if (NO_OCTET.test(name) || NO_OCTET.test(value)) block.fault ??= "A field that is no octets";
    const start = at;
    let id: number = FieldId.other;
    if (name.charCodeAt(0) === COLON) {
      id = pseudoIdOfName(name);
      const stored = storedName(id);
      bytes.set(stored, at);
      at += stored.length;
      if (id === PSEUDO.unknown) block.fault ??= `${name}, which was not offered`;
      if (regular) block.fault ??= "A pseudo-header field behind a regular field";
      if (!notePseudo(block, id, value)) block.fault ??= "The same pseudo-header field twice";
    } else {
      regular = true;
      at = writeLatin1(bytes, at, name);
      id = fieldIdOfBytes(bytes, start, at);
      block.fault ??= nameFault(bytes, start, at);
    }
    const valueStart = at;
    at = writeLatin1(bytes, at, value);
    block.fault ??= valueFault(bytes, valueStart, at);
    fields.push(id, start, valueStart, valueStart, at);
  }
  block.bytes = bytes.subarray(0, at);
  return block;
}

/** False where it was noted before. */
function notePseudo(block: DecodedBlock, id: number, value: string): boolean {
  const part = PARTS[id];
  if (part === undefined) return true;
  if (block[part] !== null) return false;
  block[part] = value;
  return true;
}

const PARTS: Readonly<
  Record<number, "method" | "scheme" | "authority" | "path" | "status" | "protocol" | undefined>
> = {
  [PSEUDO.method]: "method",
  [PSEUDO.scheme]: "scheme",
  [PSEUDO.authority]: "authority",
  [PSEUDO.path]: "path",
  [PSEUDO.status]: "status",
  [PSEUDO.protocol]: "protocol",
};
