const OBS_TEXT = /[\x80-\xff]/g;

/**
 * A request target with its octets above 0x7f percent-encoded, in path and query. RFC 3986 has no place
 * for them, but clients send them; to servers they go as Traefik sends them. Latin-1 text in and out.
 */
export function encodeObsText(target: string): string {
  OBS_TEXT.lastIndex = 0;
  if (!OBS_TEXT.test(target)) return target;
  return target.replace(OBS_TEXT, (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase()}`);
}
