import { ReadyState, type Sendable, type ServerSocket } from "./server-socket.ts";

/** The `websocket` that a module exports beside its `fetch`. */
export interface WebSocketHandlers {
  open?(socket: HandlerSocket): unknown;
  message?(socket: HandlerSocket, message: string | Uint8Array): unknown;
  drain?(socket: HandlerSocket): unknown;
  ping?(socket: HandlerSocket, payload: Uint8Array): unknown;
  pong?(socket: HandlerSocket, payload: Uint8Array): unknown;
  close?(socket: HandlerSocket, code: number, reason: string): unknown;
}

/** Sockets by the topics that they subscribed to; of one module, in one worker. */
export type Topics = Map<string, Set<HandlerSocket>>;

type Bytes = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;

/** A server's WebSocket as the listeners of a module's `websocket` get it. */
export class HandlerSocket {
  data: unknown;
  readonly remoteAddress: string;
  binaryType: "nodebuffer" | "arraybuffer" | "uint8array" = "nodebuffer";
  readonly #socket: ServerSocket;
  readonly #topics: Topics;

  /** `failed` hears what a listener throws; the socket is closed with 1011 then. */
  constructor(
    socket: ServerSocket,
    handlers: WebSocketHandlers,
    options: {
      data: unknown;
      remoteAddress: string;
      topics: Topics;
      failed: (error: unknown) => void;
    },
  ) {
    this.data = options.data;
    this.remoteAddress = options.remoteAddress;
    this.#socket = socket;
    this.#topics = options.topics;
    const guard = (call: () => unknown): void => {
      const fail = (error: unknown): void => {
        options.failed(error);
        socket.fail(1011, "");
      };
      try {
        const result = call();
        if (result instanceof Promise) result.catch(fail);
      } catch (error) {
        fail(error);
      }
    };
    const buffer = (globalThis as { Buffer?: { from: unknown } }).Buffer as
      | { from(data: ArrayBuffer, at: number, length: number): Uint8Array }
      | undefined;
    const shown: Bytes = (bytes) =>
      this.binaryType === "nodebuffer" && buffer !== undefined
        ? buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        : bytes;
    socket.listener = {
      open: () => guard(() => handlers.open?.(this)),
      message: (data) =>
        guard(() => handlers.message?.(this, typeof data === "string" ? data : shown(data))),
      ping: (payload) => guard(() => handlers.ping?.(this, payload)),
      pong: (payload) => guard(() => handlers.pong?.(this, payload)),
      close: (code, reason) => {
        for (const topic of this.subscriptions) this.unsubscribe(topic);
        guard(() => handlers.close?.(this, code, reason));
      },
    };
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  /** Bytes sent; 0 where the socket is closed, -1 where they wait for the client. */
  send(data: Sendable): number {
    if (this.#socket.readyState !== ReadyState.open) return 0;
    const waited = this.#socket.waiting > 0;
    this.#socket.send(data);
    return waited ? -1 : typeof data === "string" ? data.length : data.byteLength;
  }
  sendText(data: string): number {
    return this.send(data);
  }
  sendBinary(data: ArrayBuffer | ArrayBufferView): number {
    return this.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code ?? 1000, reason);
  }
  terminate(): void {
    this.#socket.terminate();
  }
  ping(payload = new Uint8Array(0)): void {
    this.#socket.ping(payload);
  }
  pong(payload = new Uint8Array(0)): void {
    this.#socket.pong(payload);
  }
  getBufferedAmount(): number {
    return this.#socket.waiting;
  }
  cork<T>(callback: (socket: HandlerSocket) => T): T {
    return callback(this);
  }

  get subscriptions(): string[] {
    return [...this.#topics].filter(([, sockets]) => sockets.has(this)).map(([topic]) => topic);
  }
  isSubscribed(topic: string): boolean {
    return this.#topics.get(topic)?.has(this) === true;
  }
  subscribe(topic: string): void {
    let sockets = this.#topics.get(topic);
    if (sockets === undefined) this.#topics.set(topic, (sockets = new Set()));
    sockets.add(this);
  }
  unsubscribe(topic: string): void {
    const sockets = this.#topics.get(topic);
    sockets?.delete(this);
    if (sockets?.size === 0) this.#topics.delete(topic);
  }
  /** To all others that subscribed to the topic. */
  publish(topic: string, data: Sendable): number {
    return publish(this.#topics, topic, data, this);
  }
}

/** Sends to all sockets of a topic but one; how many got it. */
export function publish(
  topics: Topics,
  topic: string,
  data: Sendable,
  but?: HandlerSocket,
): number {
  let count = 0;
  for (const socket of topics.get(topic) ?? []) {
    if (socket === but) continue;
    socket.send(data);
    count++;
  }
  return count;
}
