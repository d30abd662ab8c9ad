import { latin1 } from "../../core/bytes.ts";

/** More of a body is never looked at. */
const SNIFF_LENGTH = 512;

/** Tags that begin HTML, if a space or ">" follows; in any case (WHATWG MIME Sniffing, section 7.1). */
const HTML_TAGS = [
  "<!doctype html",
  "<html",
  "<head",
  "<script",
  "<iframe",
  "<h1",
  "<div",
  "<font",
  "<table",
  "<a",
  "<style",
  "<title",
  "<b",
  "<body",
  "<br",
  "<p",
  "<!--",
];

const UTF8_TEXT = "text/plain; charset=utf-8";

/** Patterns at the very beginning, "?" for any character, in the order of the standard's tables. */
const SIGNATURES: readonly (readonly [pattern: string, type: string])[] = [
  ["%PDF-", "application/pdf"],
  ["%!PS-Adobe-", "application/postscript"],
  ["\xfe\xff??", "text/plain; charset=utf-16be"],
  ["\xff\xfe??", "text/plain; charset=utf-16le"],
  ["\xef\xbb\xbf?", UTF8_TEXT],
  ["\x00\x00\x01\x00", "image/x-icon"],
  ["\x00\x00\x02\x00", "image/x-icon"],
  ["BM", "image/bmp"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["RIFF????WEBPVP", "image/webp"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["FORM????AIFF", "audio/aiff"],
  ["ID3", "audio/mpeg"],
  ["OggS\x00", "application/ogg"],
  ["MThd\x00\x00\x00\x06", "audio/midi"],
  ["RIFF????AVI ", "video/avi"],
  ["RIFF????WAVE", "audio/wave"],
];

/** Those that the standard has behind MP4. */
const LATER_SIGNATURES: typeof SIGNATURES = [
  ["\x1aE\xdf\xa3", "video/webm"],
  [`${"?".repeat(34)}LP`, "application/vnd.ms-fontobject"],
  ["\x00\x01\x00\x00", "font/ttf"],
  ["OTTO", "font/otf"],
  ["ttcf", "font/collection"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["Rar!\x1a\x07\x00", "application/x-rar-compressed"],
  ["Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"],
  ["\x00asm", "application/wasm"],
];

/**
 * The Content-Type of what begins with these bytes, never none. As Go's http.DetectContentType,
 * which follows the WHATWG MIME Sniffing standard.
 */
export function sniffContentType(bytes: Uint8Array): string {
  const text = latin1(bytes, 0, Math.min(bytes.length, SNIFF_LENGTH));
  const start = text.search(/[^\t\n\f\r ]/);
  const begin = start < 0 ? "" : text.slice(start);
  if (isHtml(begin.toLowerCase())) return "text/html; charset=utf-8";
  if (begin.startsWith("<?xml")) return "text/xml; charset=utf-8";
  return (
    matchOf(text, SIGNATURES) ??
    (isMp4(text) ? "video/mp4" : undefined) ??
    matchOf(text, LATER_SIGNATURES) ??
    (/[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text) ? "application/octet-stream" : UTF8_TEXT)
  );
}

function isHtml(lower: string): boolean {
  return HTML_TAGS.some((tag) => {
    if (!lower.startsWith(tag)) return false;
    const next = lower[tag.length];
    return next === " " || next === ">";
  });
}

function matchOf(text: string, signatures: typeof SIGNATURES): string | undefined {
  return signatures.find(([pattern]) => matches(text, pattern))?.[1];
}

function matches(text: string, pattern: string): boolean {
  if (text.length < pattern.length) return false;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] !== "?" && pattern[i] !== text[i]) return false;
  }
  return true;
}

/** A box "ftyp" with a brand "mp4" among its brands (section 6.2.1). */
function isMp4(text: string): boolean {
  if (text.length < 12) return false;
  const boxSize =
    ((text.charCodeAt(0) << 24) |
      (text.charCodeAt(1) << 16) |
      (text.charCodeAt(2) << 8) |
      text.charCodeAt(3)) >>>
    0;
  if (text.length < boxSize || boxSize % 4 !== 0 || text.slice(4, 8) !== "ftyp") return false;
  for (let at = 8; at < boxSize; at += 4) {
    // The minor version is no brand.
    if (at !== 12 && text.slice(at, at + 3) === "mp4") return true;
  }
  return false;
}
