/** A server behind a Unix socket, as a URL or an address names it. */
export interface UnixServer {
  /** What it speaks, where that is HTTP. */
  readonly protocol: "http" | "h2c";
  /** The socket's path, absolute. */
  readonly path: string;
}

/** Bytes of a path that a socket's address has room for on Linux, with a zero behind them (unix(7)). */
const MAX_PATH = 107;

const encoder = new TextEncoder();

/**
 * Takes `unix:///run/app.sock`, `unix:/run/app.sock` or `unix+h2c:///run/app.sock` apart; undefined
 * where the scheme is another one. What a URL can't have stands in the path percent-encoded (RFC 3986
 * section 2.1). Throws an Error that says what was found and what was expected.
 */
export function parseUnixServer(text: string): UnixServer | undefined {
  const scheme = /^unix(\+h2c)?:/i.exec(text);
  if (scheme === null) return undefined;
  const rest = text.slice(scheme[0].length).replace(/^\/\/(?=\/)/, "");
  if (!/^\/[^/?#]/.test(rest) || /[?#]/.test(rest) || rest.endsWith("/"))
    throw new Error(`expected a socket's path such as "unix:///run/app.sock", found "${text}"`);
  const path = decoded(rest);
  if (path === undefined || path.includes("\0"))
    throw new Error(
      `expected a path whose "%" stand for bytes of UTF-8 (RFC 3986), found "${text}"`,
    );
  const { length } = encoder.encode(path);
  if (length > MAX_PATH)
    throw new Error(
      `expected a socket's path of at most ${MAX_PATH} bytes, found ${length} in "${text}"`,
    );
  return { protocol: scheme[1] === undefined ? "http" : "h2c", path };
}

/** Whether a host to connect to is a Unix socket's path: names and addresses have no "/". */
export function isSocketPath(hostname: string): boolean {
  return hostname.charCodeAt(0) === 0x2f;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
