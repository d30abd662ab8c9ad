const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text's UTF-8 in base64 (RFC 4648 section 4). */
export function base64Of(text: string): string {
  return encoder.encode(text).toBase64();
}

/** The text whose UTF-8 this is in base64; what isn't UTF-8 is replaced. Throws SyntaxError for what isn't base64. */
export function textFromBase64(base64: string): string {
  return decoder.decode(Uint8Array.fromBase64(base64));
}
