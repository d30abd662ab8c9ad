import { LazyResponse } from "../../../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../../../wire/header-list.ts";
import type { ServerSocket } from "./server-socket.ts";

/** RFC 6455 section 1.3. */
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** True for a handshake that can be accepted (RFC 6455 section 4.2.1); of HTTP/1.1 only. */
export function isWebSocketHandshake(method: string, upgrade: string, headers: Headers): boolean {
  const key = headers.get("sec-websocket-key") ?? "";
  return (
    method === "GET" &&
    upgrade.toLowerCase() === "websocket" &&
    headers.get("sec-websocket-version") === "13" &&
    /^[A-Za-z0-9+/]{22}==$/.test(key)
  );
}

/** The 101 that joins the client and a socket of this process; `headers` are the module's own. */
export async function acceptWebSocket(
  key: string,
  socket: ServerSocket,
  headers: Headers,
): Promise<LazyResponse> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(key + MAGIC));
  const accept = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const list = HeaderList.from(headers);
  for (const name of [
    "upgrade",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
  ])
    list.delete(name);
  list.set("Sec-WebSocket-Accept", accept);
  socket.protocol = headers.get("sec-websocket-protocol") ?? "";
  const response = new LazyResponse(101, list, null);
  response.tunnel = {
    connection: socket.connection,
    protocol: "websocket",
    early: new Uint8Array(0),
  };
  // Behind the 101: what is sent at once waits for the tunnel.
  queueMicrotask(() => socket.opened());
  return response;
}
