import type { ClientRequestArgs, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { proxyAuthorization } from "../../../src/net/clients/environment-proxy.ts";

type Done = (error: Error | null, socket?: Socket) => void;

/**
 * What an agent's `createConnection` is for servers with TLS behind a proxy: CONNECT (RFC 9110 section 9.3.6), and
 * the handshake with the server through it.
 */
export async function proxyTunnel(proxy: URL): Promise<(options: object, done: Done) => undefined> {
  const { request } = await (proxy.protocol === "https:"
    ? import("node:https")
    : import("node:http"));
  const { connect } = await import("node:tls");
  return (options, done) => {
    const server = options as ClientRequestArgs & ConnectionOptions;
    const host = String(server.host).includes(":") ? `[${server.host}]` : server.host;
    const path = `${host}:${server.port}`;
    const asked = request({
      hostname: proxy.hostname,
      port: proxy.port,
      method: "CONNECT",
      path,
      headers: { Host: path, ...proxyAuthorization(proxy) },
      agent: false,
    });
    asked.once("connect", ({ statusCode }: IncomingMessage, socket: Socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        done(new Error(`the proxy ${proxy.host} answered ${statusCode} to CONNECT ${path}`));
        return;
      }
      const servername = server.servername || String(server.host);
      const secure = connect({ ...server, socket, servername });
      secure.once("error", done);
      secure.once("secureConnect", () => {
        secure.off("error", done);
        done(null, secure);
      });
    });
    asked.once("error", (error) => done(new Error(`the proxy ${proxy.host}: ${error.message}`)));
    asked.end();
    return undefined;
  };
}
