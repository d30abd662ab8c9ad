const OBS_TEXT = /[\x80-\xff]/g;

/**
 * A request target with its octets above 0x7f percent-encoded, in path and query. RFC 3986 has no place
 * for them, but clients send them; to servers they go as Traefik sends them. Latin-1 text in and out.
 */
export function encodeObsText(target: string): string {
  if (isAscii(target)) return target;
  return target.replace(OBS_TEXT, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}
