/** An upstream that speaks WebSocket: it sends every message back, text as text, bytes as bytes. */
export interface WebSocketPeer extends Disposable {
  readonly port: number;
  readonly url: string;
  /** The requests' headers, one for each handshake. */
  readonly handshakes: Headers[];
  /** Open sockets. */
  readonly open: number;
}

/** The message "close:1234:why" makes it close with that code and reason. */
export function startWebSocketPeer(): WebSocketPeer {
  const handshakes: Headers[] = [];
  let open = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, server) {
      handshakes.push(new Headers(request.headers));
      const protocol = request.headers.get("sec-websocket-protocol")?.split(",")[0].trim();
      const headers = protocol === undefined ? undefined : { "Sec-WebSocket-Protocol": protocol };
      if (server.upgrade(request, { data: undefined, headers })) return undefined;
      return new Response("expected a WebSocket handshake", { status: 426 });
    },
    websocket: {
      maxPayloadLength: 16 * 1024 * 1024,
      open() {
        open++;
      },
      message(socket, message) {
        const [, code, reason] = /^close:(\d+):(.*)$/.exec(String(message)) ?? [];
        if (code !== undefined) socket.close(Number(code), reason);
        else socket.send(message);
      },
      close() {
        open--;
      },
    },
  });
  const stop = () => void server.stop(true);
  return {
    port: server.port!,
    url: `http://127.0.0.1:${server.port}`,
    handshakes,
    get open() {
      return open;
    },
    [Symbol.dispose]: stop,
  };
}
