import { ConfigError } from "./document.ts";

/**
 * A file's bytes as text, a byte order mark taken off. Throws ConfigError where they are no UTF-8:
 * what would be put in their place could be a name or a path that no user wrote.
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const message = "expected UTF-8 text, found bytes that are none";
    throw new ConfigError([{ path: [], where: `${file}:${placeOfError(bytes)}`, message }]);
  }
}

const LINE_FEED = 0x0a;

/** "line:column" of the first bytes that are no UTF-8. A line feed is never a part of another character. */
function placeOfError(bytes: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true });
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    try {
      strict.decode(bytes.subarray(start, end));
    } catch {
      const text = new TextDecoder().decode(bytes.subarray(start, end));
      return `${line}:${text.indexOf("\uFFFD") + 1}`;
    }
    start = end;
  }
  return "1:1";
}
