/** One encapsulated value of a PEM text (RFC 7468). */
export interface PemBlock {
  /** Such as CERTIFICATE or PRIVATE KEY. */
  readonly label: string;
  readonly bytes: Uint8Array;
  /** It has headers as in RFC 1421, which encrypted keys of OpenSSL's old format have. */
  readonly encrypted: boolean;
}

const BEGIN = "-----BEGIN ";
const DASHES = "-----";

/** All blocks of a PEM text; what is between them is comment. Throws an Error where one is cut off or isn't base64. */
export function readPemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(BEGIN); at >= 0; at = text.indexOf(BEGIN, at)) {
    const labelEnd = text.indexOf(DASHES, at + BEGIN.length);
    const label = labelEnd < 0 ? "" : text.slice(at + BEGIN.length, labelEnd);
    if (!/^[A-Z0-9 ]{1,64}$/.test(label)) throw new Error("malformed PEM: a block without a label");
    const end = `-----END ${label}-----`;
    const bodyEnd = text.indexOf(end, labelEnd);
    if (bodyEnd < 0) throw new Error(`malformed PEM: "${label}" has no end`);
    const body = text.slice(labelEnd + DASHES.length, bodyEnd);
    // Headers end with an empty line, and have colons, which base64 has not.
    const headers = /^\s*[A-Za-z-]+:[\s\S]*?\r?\n\r?\n/.exec(body)?.[0] ?? "";
    blocks.push({
      label,
      bytes: decode(body.slice(headers.length), label),
      encrypted: headers.includes("ENCRYPTED"),
    });
    at = bodyEnd + end.length;
  }
  return blocks;
}

function decode(base64: string, label: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw new Error(`malformed PEM: "${label}" is not base64`);
  }
}

export function pemText(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
