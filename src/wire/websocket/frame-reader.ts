import { ByteQueue } from "../../core/byte-queue.ts";
import { concatBytes } from "../../core/bytes.ts";
import { CloseCode, isSendableCode, MAX_CONTROL, Opcode } from "./frames.ts";

/** What a reader finds. Nothing more is called behind `close` and `broken`. */
export interface FrameHandler {
  text(message: string): void;
  binary(message: Uint8Array): void;
  ping(payload: Uint8Array): void;
  pong(payload: Uint8Array): void;
  /** The peer's close frame; the code is 1005 where it has none. */
  close(code: number, reason: string): void;
  /** The peer breaks the protocol, or a limit: the code that its connection is to be closed with. */
  broken(code: number, why: string): void;
}

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly length: number;
  readonly mask: Uint8Array;
}

/** Bytes of a frame's head at the most. */
const MAX_HEAD = 14;

/** Frames of one message; each costs memory of its own, however small. */
const MAX_FRAGMENTS = 1024;

/**
 * Reads what a WebSocket client sends (RFC 6455 section 5): masked frames, put together to messages.
 * Strict: reserved bits, unknown opcodes, lengths that are not the shortest, control frames in pieces or
 * too long, text that is no UTF-8, and close codes that can't be sent are all refused.
 */
export class FrameReader {
  private readonly handler: FrameHandler;
  private readonly maxMessage: number;
  private ended = false;
  /** The message that is being received: its opcode, or 0 for none. */
  private opcode = 0;
  private fragments: Uint8Array[] = [];
  private size = 0;
  private readonly headBytes = new Uint8Array(MAX_HEAD);
  private headLength = 0;
  /** The frame whose payload is awaited; null before its head is complete. */
  private frame: Frame | null = null;
  private readonly payload = new ByteQueue();

  /** `maxMessage`: bytes of a message at the most. */
  constructor(handler: FrameHandler, maxMessage: number) {
    this.handler = handler;
    this.maxMessage = maxMessage;
  }

  /** The array may be used again afterwards. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    let at = start;
    while (at < end && !this.ended) {
      if (this.frame === null) {
        this.headBytes[this.headLength++] = bytes[at++];
        this.frame = this.readHead();
      } else {
        const wanted = Math.min(end - at, this.frame.length - this.payload.length);
        this.payload.pushCopy(bytes, at, at + wanted);
        at += wanted;
      }
      if (this.frame?.length === this.payload.length) this.complete(this.frame);
    }
  }

  private complete({ opcode, final, mask, length }: Frame): void {
    const payload = length === 0 ? new Uint8Array(0) : this.payload.take();
    this.frame = null;
    this.headLength = 0;
    for (let i = 0; i < payload.length; i++) payload[i] ^= mask[i & 3];
    if (opcode >= Opcode.close) this.control(opcode, payload);
    else this.data(opcode, payload, final);
  }

  /** Null where the head is not complete, or is refused. */
  private readHead(): Frame | null {
    const { headBytes, headLength } = this;
    if (headLength < 2) return null;
    const [first, second] = headBytes;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    const short = second & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (headLength === 2) {
      const why = this.faultOf(first, second, opcode, final);
      if (why !== null) return this.refuse(why);
    }
    if (headLength < 2 + extended + 4) return null;
    const view = new DataView(headBytes.buffer);
    const length =
      extended === 0 ? short : extended === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
    if ((extended === 2 && length < 126) || (extended === 8 && length < 65536))
      return this.refuse("a length is not written in the shortest way");
    if (opcode < Opcode.close && this.size + length > this.maxMessage)
      return this.refuse(`a message has more than ${this.maxMessage} bytes`, CloseCode.tooBig);
    return { final, opcode, length, mask: headBytes.slice(2 + extended, headLength) };
  }

  /** What is wrong with a frame's first two bytes. */
  private faultOf(first: number, second: number, opcode: number, final: boolean): string | null {
    if ((first & 0x70) !== 0) return "a reserved bit is set";
    if ((second & 0x80) === 0) return "a client's frame is not masked";
    if (opcode > Opcode.pong || (opcode > Opcode.binary && opcode < Opcode.close))
      return `the opcode ${opcode} is unknown`;
    if (opcode >= Opcode.close) {
      if (!final) return "a control frame comes in pieces";
      return (second & 0x7f) > MAX_CONTROL ? "a control frame is too long" : null;
    }
    return (opcode === Opcode.continuation) === (this.opcode === 0)
      ? "a frame continues no message, or begins one within another"
      : null;
  }

  private data(opcode: number, payload: Uint8Array, final: boolean): void {
    if (opcode !== Opcode.continuation) this.opcode = opcode;
    this.size += payload.length;
    this.fragments.push(payload);
    if (this.fragments.length > MAX_FRAGMENTS) {
      this.refuse(`a message has more than ${MAX_FRAGMENTS} frames`, CloseCode.tooBig);
      return;
    }
    if (!final) return;
    const message = this.fragments.length === 1 ? payload : concatBytes(this.fragments);
    const isText = this.opcode === Opcode.text;
    this.fragments = [];
    this.size = 0;
    this.opcode = 0;
    if (!isText) {
      this.handler.binary(message);
      return;
    }
    const text = decoded(message);
    if (text === null) this.refuse("a text is no UTF-8", CloseCode.invalidPayload);
    else this.handler.text(text);
  }

  private control(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.ping) this.handler.ping(payload);
    else if (opcode === Opcode.pong) this.handler.pong(payload);
    else this.closed(payload);
  }

  private closed(payload: Uint8Array): void {
    if (payload.length === 0) {
      this.ended = true;
      this.handler.close(CloseCode.noStatus, "");
      return;
    }
    const code = payload.length < 2 ? 0 : (payload[0] << 8) | payload[1];
    const reason = decoded(payload.subarray(2));
    if (!isSendableCode(code)) this.refuse(`close code ${code} can't be sent`);
    else if (reason === null) this.refuse("a reason is no UTF-8", CloseCode.invalidPayload);
    else {
      this.ended = true;
      this.handler.close(code, reason);
    }
  }

  private refuse(why: string, code: number = CloseCode.protocolError): null {
    this.ended = true;
    this.fragments = [];
    this.handler.broken(code, why);
    return null;
  }
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
