import { NOT_IN_TRAILERS } from "../field-sets.ts";
import { type Fields, STRIDE } from "../fields.ts";

/** True where a field with that id must not stand in a trailer section (RFC 9110 section 6.5.1). */
export function forbiddenInTrailers(id: number): boolean {
  return NOT_IN_TRAILERS[id] === 1;
}

/** Where in `fields`, at or behind `from`, the first one is that may not stand in a trailer section (RFC 9110 section 6.5.1), or -1. */
export function forbiddenTrailer(fields: Fields, from = 0): number {
  for (let i = from; i < fields.length; i += STRIDE) {
    if (forbiddenInTrailers(fields[i])) return i;
  }
  return -1;
}
