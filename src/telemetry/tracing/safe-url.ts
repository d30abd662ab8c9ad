import { parseUnixServer } from "../../net/unix-socket.ts";

const REDACTED = "REDACTED";

/**
 * A query without "?" as spans have it: keys sorted, and values hidden but for those of the names in
 * `safe`, one for each key. Source: Traefik's pkg/observability/tracing/tracing.go.
 */
export function safeQuery(query: string, safe: ReadonlySet<string>): string {
  if (query === "") return "";
  const given = new URLSearchParams(query);
  const shown = new URLSearchParams();
  for (const key of [...new Set(given.keys())].sort()) {
    if (!safe.has(key)) shown.append(key, REDACTED);
    else for (const value of given.getAll(key)) shown.append(key, value);
  }
  return shown.toString();
}

/** Path and query apart, the query without "?". */
export function splitTarget(target: string): readonly [path: string, query: string] {
  const at = target.indexOf("?");
  return at < 0 ? [target, ""] : [target.slice(0, at), target.slice(at + 1)];
}

/** What spans tell of a server. */
export interface ServerFacts {
  /** With a hidden user and password, without a path. */
  readonly origin: string;
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
}

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "h2c:": 80 };

/** Null for a URL that none can be made of. */
export function serverFacts(url: string): ServerFacts | null {
  if (/^unix(\+h2c)?:/i.test(url)) return socketFacts(url);
  // Other schemes than these have no host to URL.
  const parsed = URL.parse(url.replace(/^h2c:/i, "http:"));
  if (parsed === null) return null;
  const { protocol, hostname, port, host } = parsed;
  const user = parsed.username !== "" || parsed.password !== "" ? `${REDACTED}:${REDACTED}@` : "";
  return {
    origin: `${protocol}//${user}${host}`,
    scheme: protocol.slice(0, -1),
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (PORTS[protocol] ?? 0) : Number(port),
  };
}

/** A Unix socket's: its path is the address, and there is no port (OpenTelemetry's server.address). */
function socketFacts(url: string): ServerFacts | null {
  const server = parseUnixServer(url);
  if (server === undefined) return null;
  return { origin: "http://localhost", scheme: "http", hostname: server.path, port: 0 };
}
