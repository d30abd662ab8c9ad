import { copyBytes } from "../../core/bytes.ts";
import type { FieldSet } from "../field-sets.ts";
import { type Fields, STRIDE } from "../fields.ts";
import { COLON, CR, LF, SP } from "./octets.ts";

/**
 * Writes `Name: value CRLF` into `target` for every field in `bytes` that is there and that `skip` does
 * not name, and returns the offset behind. Lines in a row that were received in exactly this form are
 * one copy, which is the same as writing each from its parts.
 */
export function writeFieldLines(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  fields: Fields,
  skip: FieldSet,
): number {
  // Where the lines that are to be copied together stand.
  let runStart = 0;
  let runEnd = 0;
  for (let i = 0; i < fields.length; i += STRIDE) {
    const id = fields[i];
    if (id < 0 || skip[id] === 1) continue;
    const nameStart = fields[i + 1];
    const nameEnd = fields[i + 2];
    const valueStart = fields[i + 3];
    const valueEnd = fields[i + 4];
    if (
      valueStart === nameEnd + 2 &&
      bytes[nameEnd] === COLON &&
      bytes[nameEnd + 1] === SP &&
      bytes[valueEnd] === CR &&
      bytes[valueEnd + 1] === LF
    ) {
      if (nameStart !== runEnd) {
        at = copyBytes(target, at, bytes, runStart, runEnd);
        runStart = nameStart;
      }
      runEnd = valueEnd + 2;
      continue;
    }
    at = copyBytes(target, at, bytes, runStart, runEnd);
    runStart = runEnd = 0;
    at = copyBytes(target, at, bytes, nameStart, nameEnd);
    target[at++] = COLON;
    target[at++] = SP;
    at = copyBytes(target, at, bytes, valueStart, valueEnd);
    target[at++] = CR;
    target[at++] = LF;
  }
  return copyBytes(target, at, bytes, runStart, runEnd);
}
