const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The one directory whose name begins with a dot and which is made to be public (RFC 8615). */
const WELL_KNOWN = ".well-known";

/**
 * The path below a root that a request's path names: with a leading "/", and one at the end where the
 * request has it. Null where it can name no file: what decodes to "..", ".", nothing, a slash, a backslash or
 * NUL is no segment, nor is what isn't UTF-8, and names that begin with a dot are only asked for with `dotFiles`.
 */
export function filePath(path: string, dotFiles: boolean): string | null {
  if (path === "/") return path;
  if (path.charCodeAt(0) !== 0x2f) return null;
  const segments = path.split("/");
  let result = "";
  for (let i = 1; i < segments.length; i++) {
    const raw = segments[i];
    const last = i === segments.length - 1;
    if (raw === "" && last) return `${result}/`;
    const segment = raw.includes("%") ? decoded(raw) : raw;
    if (segment === null || segment === "" || segment === "." || segment === "..") return null;
    if (/[/\\\0]/.test(segment)) return null;
    if (segment.charCodeAt(0) === 0x2e && !dotFiles && !(i === 1 && segment === WELL_KNOWN))
      return null;
    result += `/${segment}`;
  }
  return result;
}

/** A segment with its "%XX" decoded; null where those aren't UTF-8, or no hex digits. */
function decoded(segment: string): string | null {
  if (/%(?![\dA-Fa-f]{2})/.test(segment)) return null;
  try {
    return segment.replace(/(?:%[\dA-Fa-f]{2})+/g, (run) => {
      const bytes = new Uint8Array(run.length / 3);
      for (let i = 0; i < bytes.length; i++)
        bytes[i] = Number.parseInt(run.slice(i * 3 + 1, i * 3 + 3), 16);
      return decoder.decode(bytes);
    });
  } catch {
    return null;
  }
}
