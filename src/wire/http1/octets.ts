/** Which octets may stand where in an HTTP/1.1 message, as tables of 0 and 1. */
function table(allowed: (octet: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => (allowed(octet) ? 1 : 0));
}

const isVisible = (octet: number) => octet > 0x20 && octet < 0x7f;
const isObsText = (octet: number) => octet >= 0x80;
const isBlank = (octet: number) => octet === 0x20 || octet === 0x09;

const DELIMITERS = '"(),/:;<=>?@[\\]{}';

/** tchar: methods, field names, connection options (RFC 9110 section 5.6.2). */
export const TOKEN = table((o) => isVisible(o) && !DELIMITERS.includes(String.fromCharCode(o)));

/** Field values and reason phrases: no control character but HTAB (RFC 9110 section 5.5). */
export const VALUE = table((o) => isVisible(o) || isObsText(o) || isBlank(o));

/**
 * Request targets: visible ASCII, as browsers send more of it than RFC 3986 knows. Not "#": a
 * fragment is never sent, and who finds one cuts the target there or doesn't.
 */
export const TARGET = table((o) => isVisible(o) && o !== 0x23);

/** The same and the octets of other text than ASCII, which are passed on percent-encoded (see obs-text.ts). */
export const TARGET_OR_OBS_TEXT = table((o) => TARGET[o] === 1 || isObsText(o));

/** What a quoted-string holds between its quotes, without backslash and quote (RFC 9110 section 5.6.4). */
export const QUOTED = table(
  (o) => (isVisible(o) && o !== 0x22 && o !== 0x5c) || isObsText(o) || isBlank(o),
);

/**
 * Registered names in an authority: RFC 3986's unreserved characters. Its sub-delims and percent
 * encodings are left out: no name in DNS or a hosts file has them, and `a%2eb` or `a,b` is a host
 * to one reader and another host to the next.
 */
export const REG_NAME = table((o) => /[0-9A-Za-z\-._~]/.test(String.fromCharCode(o)));

/** What `HEX` says of an octet that is no digit. */
export const NO_DIGIT = 255;

/** A hexadecimal digit's value. */
export const HEX = Uint8Array.from({ length: 256 }, (_, octet) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(octet).toLowerCase());
  return digit < 0 ? NO_DIGIT : digit;
});

/**
 * The offset of the first octet in `bytes[at, end)` that `allowed` doesn't have, or `end`. For runs
 * that are long on the average (values, targets): four at a time take two thirds of the time.
 */
export function skip(allowed: Uint8Array, bytes: Uint8Array, at: number, end: number): number {
  while (
    at + 4 <= end &&
    (allowed[bytes[at]] &
      allowed[bytes[at + 1]] &
      allowed[bytes[at + 2]] &
      allowed[bytes[at + 3]]) !==
      0
  ) {
    at += 4;
  }
  while (at < end && allowed[bytes[at]] === 1) at++;
  return at;
}

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const QUOTE = 0x22;
export const ASTERISK = 0x2a;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const BRACKET_OPEN = 0x5b;
export const BACKSLASH = 0x5c;
export const BRACKET_CLOSE = 0x5d;
