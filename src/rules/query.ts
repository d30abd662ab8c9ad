const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const PERCENT = 0x25;
const PLUS = 0x2b;

/**
 * True where `matches` accepts one of the key's values in the query of `target`, as Go's
 * url.ParseQuery decodes it: "+" is a space, and a pair with a broken escape or a ";" is none.
 */
export function someQueryValue(
  target: string,
  key: string,
  matches: (value: string) => boolean,
): boolean {
  const question = target.indexOf("?");
  if (question < 0) return false;
  let start = question + 1;
  let equals = -1;
  // Nothing to decode; no ";".
  let plain = true;
  let valid = true;
  for (let i = start; i <= target.length; i++) {
    const code = i < target.length ? target.charCodeAt(i) : AMPERSAND;
    if (code === EQUALS) {
      if (equals < 0) equals = i;
    } else if (code === PERCENT || code === PLUS || code >= 0x80) {
      plain = false;
    } else if (code === SEMICOLON) {
      valid = false;
    } else if (code === AMPERSAND) {
      if (valid && i > start) {
        const nameEnd = equals < 0 ? i : equals;
        const valueStart = equals < 0 ? i : equals + 1;
        if (isKey(target, start, nameEnd, key, plain)) {
          const text = target.slice(valueStart, i);
          const value = plain ? text : decodeForm(text);
          if (value !== null && matches(value)) return true;
        }
      }
      start = i + 1;
      equals = -1;
      plain = true;
      valid = true;
    }
  }
  return false;
}

function isKey(target: string, start: number, end: number, key: string, plain: boolean): boolean {
  return plain
    ? end - start === key.length && target.startsWith(key, start)
    : decodeForm(target.slice(start, end)) === key;
}

// As in Go, bytes that are no UTF-8 don't spoil the value.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes percent-encoding and "+" in Latin-1 text; null where a "%" has no two hex digits. */
function decodeForm(text: string): string | null {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === PERCENT) {
      const hex = text.slice(i + 1, i + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) return null;
      bytes[length++] = Number.parseInt(hex, 16);
      i += 2;
    } else {
      bytes[length++] = code === PLUS ? 0x20 : code;
    }
  }
  return decoder.decode(bytes.subarray(0, length));
}
