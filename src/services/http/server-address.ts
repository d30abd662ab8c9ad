import type { Server } from "../../config/dynamic/schema.ts";
import type { Handler } from "../../http/handler.ts";
import { withoutBrackets } from "../../net/host-port.ts";
import { parseServerUrl } from "../../net/server-url.ts";
import { isSocketPath, parseUnixServer, type UnixServer } from "../../net/unix-socket.ts";
import type { Transport } from "../../upstream/transport.ts";

/** A server of a loadBalancer, taken apart. */
export interface ServerAddress {
  /** As configured. */
  readonly url: string;
  /** Scheme and authority for `fetch`, which doesn't know h2c. */
  readonly origin: string;
  readonly protocol: "http" | "https" | "h2c";
  /** Or a Unix socket's path. */
  readonly hostname: string;
  readonly port: number;
  /** What TLS goes by instead of `hostname`. */
  readonly serverName?: string;
  readonly authority: string;
  /** Put before the request's path; "" for nothing. */
  readonly basePath: string;
  readonly passHostHeader: boolean;
  /** Null where there are no sockets. */
  readonly transport: Transport | null;
}

/** A server as a snapshot has it. */
export interface ConfiguredServer extends Pick<Server, "url" | "preservePath"> {
  /** What its URL's address was resolved from: for the Host field, and for TLS. */
  readonly name?: string;
}

/** What sends requests to a server. */
export interface Upstream {
  readonly handler: Handler;
  /** The present configuration uses it: what it holds must live on. */
  retain(): void;
}

/** Where a configured server is reached. Throws where it can't be reached that way. */
export function serverAddress(
  server: ConfiguredServer,
  passHostHeader: boolean,
  transport: Transport | null,
): ServerAddress {
  const { url: text = "" } = server;
  const unix = parseUnixServer(text);
  if (unix !== undefined) {
    if (server.preservePath)
      throw new Error(`servers.preservePath: "${text}" has no path besides its socket's`);
    if (transport === null) throw new Error(`"${text}" needs sockets of Sluice's own`);
    return { ...socketAddress(unix, transport), url: text, passHostHeader };
  }
  const protocol = /^(https?|h2c):\/\//i.exec(text)?.[1].toLowerCase();
  const url = parseServerUrl(text);
  if (protocol === undefined || url === undefined)
    throw new Error(`servers.url: expected a URL such as http://127.0.0.1:8080, found "${text}"`);
  const { name } = server;
  const place = withoutBrackets(url.hostname);
  if (name !== undefined) url.hostname = name;
  const own = originAddress(protocol as ServerAddress["protocol"], url, transport);
  const address = name === undefined ? own : dialledAt(own, place);
  const basePath = server.preservePath ? url.pathname.replace(/\/$/, "") : "";
  return { ...address, url: text, basePath, passHostHeader };
}

/** Where a server behind a Unix socket is reached. Its name is localhost, for want of a host. Throws as above. */
export function socketAddress(
  { protocol, path }: UnixServer,
  transport: Transport | null,
): ServerAddress {
  const local = originAddress(protocol, new URL("http://localhost"), transport);
  return { ...dialledAt(local, path), url: `unix:${path}` };
}

/** The same server at a Unix socket's path, or at an address: its own name is for the Host field and for TLS. */
export function dialledAt(address: ServerAddress, place: string): ServerAddress {
  const { hostname, port } = address;
  return {
    ...address,
    hostname: place,
    port: isSocketPath(place) ? 0 : port,
    serverName: hostname,
  };
}

/** Where a URL's origin is reached; requests bring their path and Host themselves. Throws as above. */
export function originAddress(
  protocol: ServerAddress["protocol"],
  url: URL,
  transport: Transport | null,
): ServerAddress {
  if (protocol === "https") transport?.prepareTls();
  if (protocol === "h2c" && transport?.options.http2 === false)
    throw new Error(
      `"h2c://${url.host}" is HTTP/2, which disableHTTP2 of its serversTransport forbids`,
    );
  const defaultPort = protocol === "https" ? 443 : 80;
  return {
    url: `${protocol}://${url.host}`,
    origin: url.origin,
    protocol,
    hostname: withoutBrackets(url.hostname),
    port: url.port === "" ? defaultPort : Number(url.port),
    authority: url.host,
    basePath: "",
    passHostHeader: true,
    transport,
  };
}
