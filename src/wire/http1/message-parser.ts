import { ProxyError } from "../../core/errors.ts";
import type { Fields } from "../fields.ts";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import type { HeadParts } from "./head/head-parts.ts";
import type { StartLine } from "./head/head-scanner.ts";
import { Framing, type Http1Limits, type MessageSink } from "./message.ts";

const State = {
  /** A message may start; nothing of it was seen. */
  idle: 0,
  head: 1,
  length: 2,
  chunked: 3,
  close: 4,
  /** The message is complete, and nothing is taken before the next one is asked for. */
  done: 5,
} as const;

const NO_BYTES = new Uint8Array(0);

/** What comes behind a head, where it isn't a body by `Framing`. */
export const Behind = {
  /** Another head: this one was interim. */
  head: -1,
  /** No HTTP any more. */
  tunnel: -2,
} as const;

/**
 * What requests and responses have in common (RFC 9112 sections 5 to 7). Bytes go in as they
 * arrive, in pieces of any size; the sink gets the same calls whatever the pieces are, only body
 * pieces follow them. Body bytes are never copied, heads only where they come in pieces.
 */
export abstract class MessageParser<Line extends StartLine, Kind, Head extends Kind> {
  protected readonly sink: MessageSink<Kind>;
  /** Bytes of the body that are to come, where it has a length. */
  protected remaining = 0;
  private readonly shared: HeadParts<Line, Head>;
  /** What reads a head that comes in pieces; null between such heads. */
  private own: HeadParts<Line, Head> | null = null;
  // Most connections never see a chunked body.
  private chunks: ChunkedDecoder | null = null;
  private state: number = State.done;
  private headBudget = 0;
  private failure: unknown = null;

  constructor(shared: HeadParts<Line, Head>, sink: MessageSink<Kind>) {
    this.shared = shared;
    this.sink = sink;
  }

  /** Parts for one head. */
  protected abstract createParts(limits: Http1Limits): HeadParts<Line, Head>;
  /** Blanks behind a chunk's size are taken. */
  protected abstract readonly padded: boolean;

  /** A message may start, and nothing of it was seen yet. */
  get idle(): boolean {
    return this.state === State.idle;
  }

  /** Part of a head was seen. */
  get inHead(): boolean {
    return this.state === State.head;
  }

  /**
   * Takes bytes and returns the offset behind the last one taken: `end`, or less where a message
   * ended before. What follows a message is not looked at until the next one is asked for.
   *
   * Throws a ProxyError that names what was found where the message breaks a rule or a limit, and
   * whatever the sink throws; every call after that throws the same again.
   */
  parse(bytes: Uint8Array, start: number, end: number): number {
    if (this.failure !== null) throw this.failure;
    try {
      return this.take(bytes, start, end);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  private take(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      switch (this.state) {
        case State.idle:
          this.state = State.head;
          break;
        case State.head: {
          const { own } = this;
          at = own === null ? this.readWhole(bytes, at, end) : own.reader.read(bytes, at, end);
          if (at < 0) return end;
          if (!this.goOn(this.deliver(own ?? this.shared), bytes)) return at;
          break;
        }
        case State.length: {
          const stop = Math.min(end, at + this.remaining);
          this.remaining -= stop - at;
          this.sink.messageBody(bytes, at, stop);
          if (this.remaining === 0) this.complete(null, bytes);
          return stop;
        }
        case State.chunked: {
          const chunks = this.chunks!;
          at = chunks.decode(bytes, at, end, this.sink);
          if (chunks.done) this.complete(chunks.trailers, chunks.trailerBytes);
          return at;
        }
        case State.close:
          this.sink.messageBody(bytes, at, end);
          return end;
        default:
          return at;
      }
    }
    return at;
  }

  /** Reads a head that starts here. Where all of it isn't there, it is begun anew with parts of its own. */
  private readWhole(bytes: Uint8Array, at: number, end: number): number {
    const { shared, headBudget } = this;
    shared.scanner.begin(headBudget);
    const behind = shared.reader.readWhole(bytes, at, end);
    if (behind >= 0) return behind;
    const own = this.createParts(shared.limits);
    this.own = own;
    own.scanner.begin(headBudget);
    return own.reader.read(bytes, at, end);
  }

  private deliver(parts: HeadParts<Line, Head>): number {
    this.own = null;
    this.headBudget -= parts.scanner.length;
    return this.deliverHead(parts, parts.reader.take(), parts.scanner.takeFields());
  }

  /** Checks a complete head, notes the length of its body, gives it to the sink, and says what comes behind it. */
  protected abstract deliverHead(
    parts: HeadParts<Line, Head>,
    bytes: Uint8Array,
    fields: Fields,
  ): number;

  /** Makes ready for what comes behind a head; false where that is nothing of this message. */
  private goOn(behind: number, bytes: Uint8Array): boolean {
    switch (behind) {
      case Framing.none:
        this.complete(null, bytes);
        return false;
      case Framing.length:
        this.state = State.length;
        break;
      case Framing.chunked:
        this.state = State.chunked;
        this.chunks ??= new ChunkedDecoder(this.shared.limits, this.shared.refuse, this.padded);
        this.chunks.begin();
        break;
      case Framing.close:
        this.state = State.close;
        break;
      case Behind.head:
        this.state = State.idle;
        break;
      default:
        this.state = State.done;
        return false;
    }
    return true;
  }

  private complete(trailers: Fields | null, bytes: Uint8Array): void {
    this.state = State.done;
    this.sink.messageEnd(trailers, bytes);
  }

  /** Makes ready for the next message. In the middle of one that would be a way to smuggle: it throws. */
  protected beginMessage(): void {
    if (this.state !== State.done) {
      throw new ProxyError("handler-failed", "internal", "A message is still being parsed");
    }
    this.headBudget = this.shared.limits.maxHeadBytes;
    this.state = State.idle;
  }

  /** The connection ended: completes a body that ends with it, and returns whether no message is open. */
  protected endsCleanly(): boolean {
    if (this.failure !== null) throw this.failure;
    if (this.state === State.close) this.complete(null, NO_BYTES);
    return this.state === State.done;
  }
}
