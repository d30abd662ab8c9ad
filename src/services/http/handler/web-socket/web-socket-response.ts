import { ServerSocket } from "./server-socket.ts";
import { StandardSocket } from "./standard-socket.ts";

/** The client's end of a pair: it can only be given to a Response. */
export class PairedClient {
  readonly #socket: ServerSocket;

  constructor(socket: ServerSocket) {
    this.#socket = socket;
  }

  /** The socket behind a pair's client; undefined for anything else. */
  static socketOf(value: unknown): ServerSocket | undefined {
    return typeof value === "object" && value !== null && #socket in value
      ? (value as PairedClient).#socket
      : undefined;
  }
}

/** Cloudflare's `WebSocketPair`: `1` is the module's end, `0` goes into `new Response(null, { status: 101, webSocket })`. */
export class WebSocketPair {
  readonly 0: PairedClient;
  readonly 1: StandardSocket;

  constructor() {
    const socket = new ServerSocket();
    this[0] = new PairedClient(socket);
    this[1] = new StandardSocket(socket, { binaryType: "arraybuffer", accepted: false });
  }
}

/** A 101 for a module to give back, and the module's end of the WebSocket. */
export function upgradeWebSocket(options: { protocol?: string } = {}): {
  response: Response;
  socket: StandardSocket;
} {
  const socket = new ServerSocket();
  const standard = new StandardSocket(socket, { binaryType: "blob", accepted: true });
  const headers = new Headers();
  if (options.protocol !== undefined && options.protocol !== "")
    headers.set("Sec-WebSocket-Protocol", options.protocol);
  const init = { status: 101, headers, webSocket: new PairedClient(socket) };
  return { response: new Response(null, init as ResponseInit), socket: standard };
}

/** Gives modules the global `WebSocketPair`. */
export function ensureWebSocketPair(): void {
  if ("WebSocketPair" in globalThis) return;
  Object.defineProperty(globalThis, "WebSocketPair", {
    value: WebSocketPair,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}
