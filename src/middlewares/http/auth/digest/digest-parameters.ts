const PARAMETER = /\s*([A-Za-z0-9*_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)/y;

/**
 * The parameters of `Authorization: Digest ...` (RFC 7616 section 3.4), names in lower case; null for another
 * scheme, for what is none, and for a name that comes twice.
 */
export function digestParameters(authorization: string): ReadonlyMap<string, string> | null {
  if (!/^digest /i.test(authorization)) return null;
  const text = authorization.slice("digest ".length);
  const found = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  while (PARAMETER.lastIndex < text.length) {
    const match = PARAMETER.exec(text);
    if (match === null) return null;
    const name = match[1].toLowerCase();
    if (found.has(name)) return null;
    found.set(name, match[2]?.replace(/\\(.)/g, "$1") ?? match[3]);
  }
  return found;
}
