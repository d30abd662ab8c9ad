/** Protocols as in a ClientHello: each behind its length (RFC 7301 section 3.1). */
export function wireProtocols(protocols: readonly string[]): Uint8Array {
  const bytes: number[] = [];
  for (const protocol of protocols) {
    const name = new TextEncoder().encode(protocol);
    if (name.length === 0 || name.length > 255) {
      throw new Error(`alpnProtocols: "${protocol}" must have 1 to 255 bytes`);
    }
    bytes.push(name.length, ...name);
  }
  return Uint8Array.from(bytes);
}
