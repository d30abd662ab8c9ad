import { HpackError } from "./hpack-error.ts";

/** End of string: a symbol that may not occur. */
const EOS = 256;

/**
 * The bits of each octet's code, and of EOS's (RFC 7541 appendix B). The code is canonical (codes of
 * one length count up with the octets, and the next length goes on from there, with a 0 behind), so that the
 * lengths say it all.
 */
// biome-ignore format: sixteen a line
const LENGTHS = Uint8Array.of(
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
);
const LONGEST = 30;
/** Codes up to so many bits are looked up; the others are for octets that are rare in fields. */
const SHORT = 12;
const SHORT_MASK = (1 << SHORT) - 1;

const CODES = new Uint32Array(LENGTHS.length);
/** Symbols in the order of their codes. */
const SYMBOLS = new Uint16Array(LENGTHS.length);
/** By length: the first code, and its place in SYMBOLS. The next length's place is behind the last one. */
const FIRST_CODE = new Uint32Array(LONGEST + 2);
const FIRST_PLACE = new Uint16Array(LONGEST + 2);

for (const length of LENGTHS) FIRST_PLACE[length + 1]++;
for (let length = 1; length <= LONGEST; length++) {
  const count = FIRST_PLACE[length + 1];
  FIRST_CODE[length + 1] = (FIRST_CODE[length] + count) * 2;
  FIRST_PLACE[length + 1] = FIRST_PLACE[length] + count;
}
const places = FIRST_PLACE.slice();
for (let symbol = 0; symbol <= EOS; symbol++) {
  const length = LENGTHS[symbol];
  const place = places[length]++;
  SYMBOLS[place] = symbol;
  CODES[symbol] = FIRST_CODE[length] + place - FIRST_PLACE[length];
}

/**
 * By the next 12 bits: the symbol, the next one << 8 where these bits hold it too, the bits of both
 * << 16, and 1 << 24 where there are two. 0 where the first code is longer. Made when it is needed first.
 */
let shortCodes: Uint32Array | null = null;

function makeShortCodes(): Uint32Array {
  const table = new Uint32Array(1 << SHORT);
  /** For all 12 bits that begin with `code`. */
  const set = (code: number, length: number, symbols: number) => {
    const others = SHORT - length;
    table.fill((length << 16) | symbols, code << others, (code + 1) << others);
  };
  for (let i = 0; i < FIRST_PLACE[SHORT + 1]; i++) {
    const one = SYMBOLS[i];
    set(CODES[one], LENGTHS[one], one);
    for (let j = 0; j < FIRST_PLACE[SHORT + 1 - LENGTHS[one]]; j++) {
      const two = SYMBOLS[j];
      const length = LENGTHS[one] + LENGTHS[two];
      set((CODES[one] << LENGTHS[two]) | CODES[two], length, (1 << 24) | (two << 8) | one);
    }
  }
  return table;
}

/** Octets that are enough for what `length` octets of Huffman code stand for, and for the decoder to write it. */
export function huffmanDecodedBound(length: number): number {
  return Math.floor((length * 8) / 5) + 1;
}

/**
 * Decodes `source[start, end)` into `target` at `at`, where there is room, and returns the offset behind it.
 * Throws `HpackError` on EOS, and where the padding isn't the first bits of it, fewer than eight (RFC 7541 section 5.2).
 */
export function huffmanDecode(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  shortCodes ??= makeShortCodes();
  const table = shortCodes;
  /** The low `bits` bits are those that have been read and not used. */
  let window = 0;
  let bits = 0;
  for (;;) {
    if (bits < SHORT) {
      while (bits <= 24 && start < end) {
        window = (window << 8) | source[start++];
        bits += 8;
      }
      if (bits < SHORT) break;
    }
    const short = table[(window >>> (bits - SHORT)) & SHORT_MASK];
    if (short !== 0) {
      target[at] = short;
      target[at + 1] = short >>> 8;
      at += 1 + (short >>> 24);
      bits -= (short >>> 16) & 0xff;
      continue;
    }
    while (bits <= 24 && start < end) {
      window = (window << 8) | source[start++];
      bits += 8;
    }
    // The next 32 bits, some of which may still be in the next octet.
    const next = start < end ? source[start] : 0;
    const ahead = ((window << (32 - bits)) | (next >>> (bits - 24))) >>> 0;
    let length = SHORT + 1;
    while (!isCode(ahead >>> (32 - length), length)) length++;
    if (length > bits + (start < end ? 8 : 0)) throw new HpackError(BAD_END);
    const symbol = SYMBOLS[FIRST_PLACE[length] + (ahead >>> (32 - length)) - FIRST_CODE[length]];
    if (symbol === EOS) throw new HpackError("a Huffman-coded string with EOS in it");
    target[at++] = symbol;
    if (length > bits) {
      window = source[start++];
      bits += 8;
    }
    bits -= length;
  }
  while (bits > 0) {
    const ones = (1 << bits) - 1;
    if (bits < 8 && (window & ones) === ones) return at;
    const short = table[(window << (SHORT - bits)) & SHORT_MASK];
    const length = LENGTHS[short & 0xff];
    if (short === 0 || length > bits) throw new HpackError(BAD_END);
    target[at++] = short;
    bits -= length;
  }
  return at;
}

const BAD_END =
  "a Huffman-coded string that ends in the middle of a code, or in padding that isn't up to 7 ones";

function isCode(bits: number, length: number): boolean {
  return bits - FIRST_CODE[length] < FIRST_PLACE[length + 1] - FIRST_PLACE[length];
}

/** How many octets the code of `source[start, end)` has. */
export function huffmanLength(source: Uint8Array, start: number, end: number): number {
  let bits = 7;
  while (start < end) bits += LENGTHS[source[start++]];
  return Math.floor(bits / 8);
}

/** Encodes `source[start, end)` into `target` at `at`, where there is room, and returns the offset behind it. */
export function huffmanEncode(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  /** The low `bits` bits, fewer than eight, are those that have not been written. */
  let window = 0;
  let bits = 0;
  while (start < end) {
    const octet = source[start++];
    const code = CODES[octet];
    let length = LENGTHS[octet];
    if (length > 24) {
      // Does not fit beside what is there: the last octet of it goes alone.
      length -= 8;
      window = (window << length) | (code >>> 8);
      bits += length;
      while (bits >= 8) target[at++] = window >>> (bits -= 8);
      window = (window << 8) | (code & 0xff);
      bits += 8;
    } else {
      window = (window << length) | code;
      bits += length;
    }
    while (bits >= 8) target[at++] = window >>> (bits -= 8);
  }
  if (bits > 0) target[at++] = (window << (8 - bits)) | (0xff >>> bits);
  return at;
}
