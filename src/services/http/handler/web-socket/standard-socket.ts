import { CloseCode } from "../../../../wire/websocket/frames.ts";
import { ReadyState, type Sendable, type ServerSocket } from "./server-socket.ts";

type Listener = ((event: Event) => unknown) | null;

/** The classes that platforms have, and TypeScript's Web types without a document lack. */
interface CloseEventInit extends EventInit {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/**
 * A server's WebSocket with the members of the standard's client (WHATWG WebSockets), as Cloudflare's
 * pairs and `upgradeWebSocket` give it. Messages come once `accept` was called, or where it is
 * made with `accepted`, as soon as the handshake is over; those that come earlier wait.
 */
export class StandardSocket extends EventTarget {
  static readonly CONNECTING = ReadyState.connecting;
  static readonly OPEN = ReadyState.open;
  static readonly CLOSING = ReadyState.closing;
  static readonly CLOSED = ReadyState.closed;
  readonly CONNECTING = ReadyState.connecting;
  readonly OPEN = ReadyState.open;
  readonly CLOSING = ReadyState.closing;
  readonly CLOSED = ReadyState.closed;
  binaryType: "arraybuffer" | "blob";
  onopen: Listener = null;
  onmessage: Listener = null;
  onclose: Listener = null;
  onerror: Listener = null;
  readonly url = "";
  readonly extensions = "";
  readonly #socket: ServerSocket;
  #accepted: boolean;
  #early: Event[] = [];

  constructor(
    socket: ServerSocket,
    options: { binaryType: "arraybuffer" | "blob"; accepted: boolean },
  ) {
    super();
    this.#socket = socket;
    this.binaryType = options.binaryType;
    this.#accepted = options.accepted;
    for (const name of ["open", "message", "close", "error"] as const)
      this.addEventListener(name, (event) => this[`on${name}`]?.(event));
    socket.listener = {
      open: () => this.#say(new Event("open")),
      message: (data) => this.#say(new MessageEvent("message", { data: this.#shown(data) })),
      ping() {},
      pong() {},
      close: (code, reason, wasClean) => {
        if (code === CloseCode.abnormal || !wasClean) this.#say(new Event("error"));
        this.#say(closeEvent({ code, reason, wasClean }));
      },
    };
  }

  get readyState(): number {
    return this.#socket.readyState;
  }
  get protocol(): string {
    return this.#socket.protocol;
  }
  get bufferedAmount(): number {
    return this.#socket.waiting;
  }

  accept(): void {
    this.#accepted = true;
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#say(event);
  }

  send(data: Sendable): void {
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  #shown(data: string | Uint8Array<ArrayBuffer>): string | ArrayBuffer | Blob {
    if (typeof data === "string") return data;
    if (this.binaryType === "blob") return new Blob([data]);
    const { buffer, byteOffset, byteLength } = data;
    return byteLength === buffer.byteLength
      ? buffer
      : buffer.slice(byteOffset, byteOffset + byteLength);
  }

  #say(event: Event): void {
    if (!this.#accepted) {
      this.#early.push(event);
      return;
    }
    this.dispatchEvent(event);
  }
}

function closeEvent(init: CloseEventInit): Event {
  const Platform = (globalThis as { CloseEvent?: new (type: string, init: object) => Event })
    .CloseEvent;
  return Platform === undefined
    ? Object.assign(new Event("close"), init)
    : new Platform("close", init);
}
