/** A TXT record's text without the quotes that zone files have around it (RFC 1035 section 5.1). */
export function unquoted(text: string): string {
  return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : text;
}
