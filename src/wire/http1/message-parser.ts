import { ProxyError } from "../../core/errors.ts";
import type { Fields } from "../fields.ts";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import { HeadFacts } from "./head/head-facts.ts";
import { HeadScanner, type StartLine } from "./head/head-scanner.ts";
import { Framing, type Http1Limits, type MessageSink } from "./message.ts";
import type { Refuse } from "./protocol-error.ts";
import { SectionReader } from "./section-reader.ts";

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
export abstract class MessageParser<Kind> {
  protected readonly limits: Http1Limits;
  protected readonly sink: MessageSink<Kind>;
  protected readonly scanner: HeadScanner;
  protected readonly facts: HeadFacts;
  private readonly refuse: Refuse;
  private readonly padded: boolean;
  private readonly reader: SectionReader;
  // Most connections never see a chunked body.
  private chunks: ChunkedDecoder | null = null;
  private state: number = State.done;
  private remaining = 0;
  private headBudget = 0;
  private failure: unknown = null;

  /** `padded`: blanks behind a chunk's size are taken. */
  constructor(
    limits: Http1Limits,
    sink: MessageSink<Kind>,
    startLine: StartLine,
    refuse: Refuse,
    padded = false,
  ) {
    this.padded = padded;
    this.limits = limits;
    this.sink = sink;
    this.refuse = refuse;
    this.scanner = new HeadScanner(limits, startLine, refuse);
    this.facts = new HeadFacts(refuse);
    this.reader = new SectionReader(this.scanner);
  }

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
        case State.head:
          at = this.reader.read(bytes, at, end);
          if (at < 0) return end;
          if (!this.goOn(this.deliverHead(this.reader.take(), this.scanner.takeFields()), bytes)) {
            return at;
          }
          break;
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

  /** Checks a complete head, gives it to the sink, and says what comes behind it. */
  protected abstract deliverHead(bytes: Uint8Array, fields: Fields): number;

  /** Makes ready for what comes behind a head; false where that is nothing of this message. */
  private goOn(behind: number, bytes: Uint8Array): boolean {
    switch (behind) {
      case Framing.none:
        this.complete(null, bytes);
        return false;
      case Framing.length:
        this.state = State.length;
        this.remaining = this.facts.contentLength;
        break;
      case Framing.chunked:
        this.state = State.chunked;
        this.chunks ??= new ChunkedDecoder(this.limits, this.refuse, this.padded);
        this.chunks.begin();
        break;
      case Framing.close:
        this.state = State.close;
        break;
      case Behind.head:
        this.headBudget -= this.scanner.length;
        this.scanner.begin(this.headBudget);
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
    this.headBudget = this.limits.maxHeadBytes;
    this.scanner.begin(this.headBudget);
    this.state = State.idle;
  }

  /** The connection ended: completes a body that ends with it, and returns whether no message is open. */
  protected endsCleanly(): boolean {
    if (this.failure !== null) throw this.failure;
    if (this.state === State.close) this.complete(null, NO_BYTES);
    return this.state === State.done;
  }
}
