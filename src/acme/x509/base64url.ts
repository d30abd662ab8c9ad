const encoder = new TextEncoder();

/** Base64url without padding (RFC 7515 section 2), of bytes or of a text's UTF-8. */
export function base64url(value: Uint8Array | string): string {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The SHA-256 of a text, in base64url. */
export async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}
