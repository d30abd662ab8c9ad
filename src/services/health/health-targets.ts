import { withoutBrackets } from "../../net/host-port.ts";
import { parseUnixServer } from "../../net/unix-socket.ts";

/** Where a check asks. */
export interface ProbeTarget {
  /** Where the server is dialled, a Unix socket's path or an address; undefined where the URL says it. */
  readonly place?: string;
  readonly scheme: "http" | "https" | "h2c";
  /** With "http:" where the scheme is h2c, which URLs don't know. */
  readonly url: URL;
}

/** What a check over HTTP asks for, and what it expects. */
export interface HttpProbeOptions {
  readonly method?: string;
  /** 0 for anything from 200 to 399. */
  readonly status?: number;
  /** The request's Host; "" for the URL's. */
  readonly hostname?: string;
  readonly followRedirects?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `loadBalancer.healthCheck`. Durations are in milliseconds. */
export interface HealthCheckOptions extends HttpProbeOptions {
  /** Instead of the server's: "http", "https" or "h2c". */
  readonly scheme?: string;
  /** "http", or "grpc" for the gRPC Health Checking Protocol. */
  readonly mode?: string;
  /** Relative to the server's URL. */
  readonly path?: string;
  readonly port?: number;
  readonly interval?: number;
  /** As `interval` where it isn't given. */
  readonly unhealthyInterval?: number;
  readonly timeout?: number;
}

/** A server as a check needs to know it. */
export interface CheckedServer {
  readonly url: string;
  /** What its URL's address was resolved from. */
  readonly name?: string | undefined;
}

/** Where a check of these servers asks, in their order. Throws on options that make no check. */
export function probeTargets(
  servers: readonly CheckedServer[],
  options: HealthCheckOptions,
): readonly ProbeTarget[] {
  const { mode = "" } = options;
  if (mode !== "" && mode !== "http" && mode !== "grpc") {
    throw new Error(`healthCheck.mode: expected "http" or "grpc", found ${JSON.stringify(mode)}`);
  }
  return servers.map(({ url, name }) => {
    const target = probeTarget(url, options);
    if (name === undefined) return target;
    const named = new URL(target.url);
    named.hostname = name;
    return { ...target, place: withoutBrackets(target.url.hostname), url: named };
  });
}

/** Where to ask. Throws on a path that is a URL of its own, and on an unknown scheme. */
function probeTarget(server: string, options: HealthCheckOptions): ProbeTarget {
  const { path = "", port = 0 } = options;
  if (path.startsWith("//") || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path)) {
    throw new Error(
      `healthCheck.path: expected a path such as "/health", found ${JSON.stringify(path)}`,
    );
  }
  const unix = parseUnixServer(server);
  if (unix !== undefined) {
    if (port !== 0 || options.scheme)
      throw new Error(
        `healthCheck.${port !== 0 ? "port" : "scheme"}: "${server}" is a Unix socket, which has none`,
      );
    return { place: unix.path, scheme: unix.protocol, url: new URL(path, "http://localhost/") };
  }
  const scheme = options.scheme || server.slice(0, server.indexOf(":")).toLowerCase();
  if (scheme !== "http" && scheme !== "https" && scheme !== "h2c") {
    throw new Error(
      `healthCheck.scheme: expected "http", "https" or "h2c", found ${JSON.stringify(scheme)}`,
    );
  }
  const base = new URL(server.replace(/^[^:]+/, scheme === "https" ? "https" : "http"));
  // A port that is spelled out stays, whatever the scheme: a URL forgets its scheme's default one.
  const spelled = /^[^:/?#]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(server);
  if (spelled !== null) base.port = spelled[1];
  if (port !== 0) base.port = String(port);
  return { scheme, url: path === "" ? base : new URL(path, base) };
}
