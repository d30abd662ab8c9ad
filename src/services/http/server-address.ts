import type { Server } from "../../config/dynamic/schema.ts";
import type { Handler } from "../../http/handler.ts";
import { withoutBrackets } from "../../net/host-port.ts";
import { parseServerUrl } from "../../net/server-url.ts";
import { parseUnixServer, type UnixServer } from "../../net/unix-socket.ts";
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
  readonly authority: string;
  /** Put before the request's path; "" for nothing. */
  readonly basePath: string;
  readonly passHostHeader: boolean;
  /** Null where there are no sockets. */
  readonly transport: Transport | null;
}

/** What sends requests to a server. */
export interface Upstream {
  readonly handler: Handler;
  /** The present configuration uses it: what it holds must live on. */
  retain(): void;
}

/** Where a configured server is reached. Throws where it can't be reached that way. */
export function serverAddress(
  server: Pick<Server, "url" | "preservePath">,
  passHostHeader: boolean,
  transport: Transport | null,
): ServerAddress {
  const { url: text = "" } = server;
  const unix = parseUnixServer(text);
  if (unix !== undefined) {
    if (server.preservePath)
      throw new Error(`servers.preservePath: "${text}" has no path besides its socket's`);
    const address = socketAddress(unix, transport);
    return { ...address, url: text, passHostHeader };
  }
  const protocol = /^(https?|h2c):\/\//i.exec(text)?.[1].toLowerCase();
  const url = parseServerUrl(text);
  if (protocol === undefined || url === undefined)
    throw new Error(`servers.url: expected a URL such as http://127.0.0.1:8080, found "${text}"`);
  const address = originAddress(protocol as ServerAddress["protocol"], url, transport);
  const basePath = server.preservePath ? url.pathname.replace(/\/$/, "") : "";
  return { ...address, url: text, basePath, passHostHeader };
}

/** Where a server behind a Unix socket is reached. Its name is localhost, for want of a host. Throws as above. */
export function socketAddress(
  { protocol, path }: UnixServer,
  transport: Transport | null,
): ServerAddress {
  if (transport === null) throw new Error(`"unix:${path}" needs sockets of Sluice's own`);
  const origin = originAddress(protocol, new URL("http://localhost"), transport);
  return { ...origin, url: `unix:${path}`, hostname: path, port: 0 };
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
