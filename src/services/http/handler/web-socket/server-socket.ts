import { FrameReader } from "../../../../wire/websocket/frame-reader.ts";
import {
  CloseCode,
  closePayload,
  isSendableCode,
  Opcode,
  serverFrame,
} from "../../../../wire/websocket/frames.ts";
import { LocalConnection } from "./local-connection.ts";

/** Bytes of a message at the most. */
const MAX_MESSAGE = 16 * 1024 * 1024;
/** Bytes that may wait for a client that doesn't read; beyond it is closed. */
const MAX_WAITING = 16 * 1024 * 1024;
/** A client that has sent nothing for so long is asked; one that doesn't answer for as long again is gone. */
const IDLE = 60_000;

export type Sendable = string | ArrayBuffer | ArrayBufferView;

/** What becomes of a socket, for whatever face a module sees of it. */
export interface SocketListener {
  open(): void;
  message(data: string | Uint8Array<ArrayBuffer>): void;
  ping(payload: Uint8Array): void;
  pong(payload: Uint8Array): void;
  /** Once. 1006 where the client went away without a word. */
  close(code: number, reason: string, clean: boolean): void;
}

export const ReadyState = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

/** The server's end of a WebSocket whose client is behind a tunnel (RFC 6455). */
export class ServerSocket {
  readyState: number = ReadyState.connecting;
  /** The subprotocol that was agreed on, or "". */
  protocol = "";
  readonly connection: LocalConnection;
  listener: SocketListener | null = null;
  private readonly reader: FrameReader;
  /** From the handshake on: one that no response brings to a client must leave nothing behind. */
  private timer: ReturnType<typeof setInterval> | undefined;
  private heard = true;
  private asked = false;
  private reported = false;

  constructor() {
    this.connection = new LocalConnection({
      received: (bytes, start, end) => {
        this.heard = true;
        this.reader.push(bytes, start, end);
      },
      clientGone: () => this.gone(CloseCode.abnormal, "", false),
    });
    this.reader = new FrameReader(
      {
        text: (message) => this.message(message),
        binary: (message) => this.message(message as Uint8Array<ArrayBuffer>),
        ping: (payload) => {
          this.write(Opcode.pong, payload);
          this.listener?.ping(payload);
        },
        pong: (payload) => this.listener?.pong(payload),
        close: (code, reason) => this.closedByClient(code, reason),
        broken: (code, why) => this.fail(code, why),
      },
      MAX_MESSAGE,
    );
  }

  /** Bytes that the client has not taken yet. */
  get waiting(): number {
    return this.connection.waiting;
  }

  /** The 101 is on its way. */
  opened(): void {
    if (this.readyState !== ReadyState.connecting) return;
    this.readyState = ReadyState.open;
    this.timer = setInterval(() => this.look(), IDLE);
    this.listener?.open();
  }

  /** Throws TypeError for what is neither text nor bytes. Does nothing once it is being closed. */
  send(data: Sendable): void {
    if (typeof data === "string") this.write(Opcode.text, new TextEncoder().encode(data));
    else if (data instanceof ArrayBuffer) this.write(Opcode.binary, new Uint8Array(data));
    else if (ArrayBuffer.isView(data))
      this.write(Opcode.binary, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else throw new TypeError(`expected a text or bytes to send, found ${typeof data}`);
  }

  ping(payload: Uint8Array): void {
    this.write(Opcode.ping, payload);
  }

  pong(payload: Uint8Array): void {
    this.write(Opcode.pong, payload);
  }

  /** Begins the closing handshake. Throws RangeError for a code that can't be sent. */
  close(code?: number, reason = ""): void {
    if (code !== undefined && !isSendableCode(code))
      throw new RangeError(`expected a close code such as 1000 or 3000 to 4999, found ${code}`);
    if (this.readyState >= ReadyState.closing) return;
    this.write(Opcode.close, closePayload(code, reason));
    this.readyState = ReadyState.closing;
  }

  /** Ends it at once. */
  terminate(): void {
    this.connection.finish();
    this.gone(CloseCode.abnormal, "", false);
  }

  /** The protocol or a limit was broken, or a module's listener threw. */
  fail(code: number, reason: string): void {
    if (this.readyState < ReadyState.closing) this.write(Opcode.close, closePayload(code, reason));
    this.connection.finish();
    this.gone(code, reason, false);
  }

  private message(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState === ReadyState.open) this.listener?.message(data);
  }

  private closedByClient(code: number, reason: string): void {
    if (this.readyState < ReadyState.closing)
      this.write(Opcode.close, closePayload(code === CloseCode.noStatus ? undefined : code, ""));
    this.connection.finish();
    this.gone(code, reason, true);
  }

  private write(opcode: number, payload: Uint8Array): void {
    if (this.readyState >= ReadyState.closing) return;
    this.connection.send(serverFrame(opcode, payload));
    if (this.waiting > MAX_WAITING) this.terminate();
  }

  private gone(code: number, reason: string, clean: boolean): void {
    this.readyState = ReadyState.closed;
    clearInterval(this.timer);
    if (this.reported) return;
    this.reported = true;
    this.listener?.close(code, reason, clean);
  }

  private look(): void {
    if (this.heard) this.asked = false;
    else if (this.asked) this.terminate();
    else {
      this.asked = true;
      this.ping(new Uint8Array(0));
    }
    this.heard = false;
  }
}
