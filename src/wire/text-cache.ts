import { latin1 } from "../core/bytes.ts";

/** How many texts are kept: a power of two. */
const PLACES = 256;
/** A longer text is made anew each time. */
const LONGEST = 256;

/**
 * Texts that come again and again as bytes (hosts, paths), so that most need not be made: a native
 * call, an allocation outside of the heap, and a hash at the first look-up in a map. Each text has one
 * place, where the next one of that place displaces it. What peers send can't make it larger.
 */
export class TextCache {
  private readonly texts: string[] = new Array(PLACES).fill("");

  /** `latin1(bytes, start, end)`. */
  get(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length === 0 || length > LONGEST) return latin1(bytes, start, end);
    // The last characters and the length tell most texts apart that are under way at a time.
    let hash = length;
    for (let i = Math.max(start, end - 8); i < end; i++) hash = (hash * 31 + bytes[i]) | 0;
    const place = (hash ^ (hash >>> 8)) & (PLACES - 1);
    const known = this.texts[place];
    if (known.length === length && isText(bytes, start, known)) return known;
    const text = latin1(bytes, start, end);
    this.texts[place] = text;
    return text;
  }
}

function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}
