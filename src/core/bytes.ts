/**
 * Bytes and strings on the wire are Latin-1 (RFC 9110 section 5.5: field values are octets).
 * `TextDecoder("latin1")` is windows-1252 on the Web platform, so it can't be used for that.
 */

/**
 * Arrays of this size and above go back to the runtime as soon as they are used up
 * (`Connection.recycle`), and below it the garbage collector has them: nothing small refers to a
 * large array for longer than the event that brought it.
 */
export const LARGE_ARRAY = 16 * 1024;

/** What Node's Buffer, where the platform has it, does natively with any Uint8Array. */
interface NativeBuffer {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number;
  copy(this: Uint8Array, target: Uint8Array, at: number, start: number, end: number): number;
}

const buffer: Partial<NativeBuffer> | undefined = (
  globalThis as { Buffer?: { prototype: Partial<NativeBuffer> } }
).Buffer?.prototype;

// Both runtimes decode natively, browsers don't.
const nativeSlice = buffer?.latin1Slice;
// Deno's are written in JavaScript and cost more than they save.
const nativeWrite = isNative(buffer?.latin1Write) ? buffer?.latin1Write : undefined;
const nativeCopy = isNative(buffer?.copy) ? buffer?.copy : undefined;

function isNative(method: unknown): boolean {
  return typeof method === "function" && String(method).includes("[native code]");
}

/** From so many bytes on a native call is cheaper than a loop; a copy without one makes a view as well. */
const WORTH_A_CALL = 32;
const WORTH_A_VIEW = 128;

/** Decodes `bytes[start, end)` one byte to one code unit. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  // A string that is put together is a rope, and the first look at it pays again: 16 bytes cost
  // 230 ns that way and 60 in one native call; two bytes break even.
  if (nativeSlice !== undefined && end - start > 2) return nativeSlice.call(bytes, start, end);
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/**
 * Writes `text` as Latin-1 into `target` at `at` and returns the offset behind it.
 * The caller has made room; code units above 0xFF were refused where the text came in.
 */
export function writeLatin1(target: Uint8Array, at: number, text: string): number {
  if (text.length > WORTH_A_CALL && nativeWrite !== undefined) {
    nativeWrite.call(target, text, at, text.length);
    return at + text.length;
  }
  for (let i = 0; i < text.length; i++) target[at++] = text.charCodeAt(i);
  return at;
}

/** Writes a few `bytes` into `target` at `at` and returns the offset behind them. */
export function writeBytes(target: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) target[at++] = bytes[i];
  return at;
}

/** Copies `source[start, end)` into `target` at `at` and returns the offset behind it. */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start > WORTH_A_CALL && nativeCopy !== undefined) {
    nativeCopy.call(source, target, at, start, end);
    return at + end - start;
  }
  if (end - start > WORTH_A_VIEW) {
    target.set(source.subarray(start, end), at);
    return at + end - start;
  }
  while (start < end) target[at++] = source[start++];
  return at;
}

/** Encodes text as Latin-1 bytes of its own. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeLatin1(bytes, 0, text);
  return bytes;
}

/** Joins chunks into one array. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}
