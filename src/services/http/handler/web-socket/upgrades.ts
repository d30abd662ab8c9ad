import type { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { HandlerSocket, publish, type Topics, type WebSocketHandlers } from "./handler-socket.ts";
import { acceptWebSocket, isWebSocketHandshake } from "./handshake.ts";
import { type Sendable, ServerSocket } from "./server-socket.ts";
import { PairedClient } from "./web-socket-response.ts";

/** What `server.upgrade` takes beside the request. */
export interface UpgradeOptions {
  readonly data?: unknown;
  readonly headers?: HeadersInit;
}

/** What the sockets of one module share. */
export interface ModuleSockets {
  /** The module's `websocket`; null where it has none. */
  readonly handlers: WebSocketHandlers | null;
  readonly topics: Topics;
  readonly failed: (error: unknown) => void;
}

/** A request's way to become a WebSocket. */
export class Upgrades {
  private readonly request: LazyRequest;
  private readonly shared: ModuleSockets;
  private pending: { readonly socket: ServerSocket; readonly headers: Headers } | null = null;

  constructor(request: LazyRequest, shared: ModuleSockets) {
    this.request = request;
    this.shared = shared;
  }

  /** Throws an Error where the module has no `websocket` for it. */
  upgrade(remoteAddress: string, { data, headers }: UpgradeOptions): boolean {
    const { handlers, topics, failed } = this.shared;
    if (handlers === null)
      throw new Error("upgrade: the module's default export has no `websocket`");
    if (this.pending !== null || !this.possible) return false;
    const socket = new ServerSocket();
    new HandlerSocket(socket, handlers, { data, remoteAddress, topics, failed });
    const own = new Headers(headers);
    const asked = this.request.headers.get("sec-websocket-protocol")?.split(",")[0].trim();
    if (asked !== undefined && !own.has("sec-websocket-protocol"))
      own.set("sec-websocket-protocol", asked);
    this.pending = { socket, headers: own };
    return true;
  }

  publish(topic: string, data: Sendable): number {
    return publish(this.shared.topics, topic, data);
  }

  /** The 101 where the module asked for one, by `upgrade` or with its response; undefined where not. */
  answer(result: unknown): Promise<Response> | undefined {
    if (this.pending !== null) {
      const { socket, headers } = this.pending;
      return acceptWebSocket(this.key, socket, headers);
    }
    if (!(result instanceof Response)) return undefined;
    const socket = PairedClient.socketOf((result as { webSocket?: unknown }).webSocket);
    if (socket === undefined) return undefined;
    if (this.possible) return acceptWebSocket(this.key, socket, result.headers);
    socket.terminate();
    throw new TypeError("fetch gave a WebSocket to a request that is no WebSocket handshake");
  }

  private get key(): string {
    return this.request.headers.get("sec-websocket-key") ?? "";
  }

  private get possible(): boolean {
    const { method, upgrade, headers } = this.request;
    return isWebSocketHandshake(method, upgrade, headers);
  }
}
