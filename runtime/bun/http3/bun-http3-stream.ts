import type { QuicStream } from "node:quic";
import {
  Http3Error,
  type Http3Fields,
  type Http3Stream,
  type Http3StreamHandler,
} from "../../../src/net/http3.ts";
import { reportUncaught } from "../../node/uncaught.ts";
import { headerBlock, http3Fields, MOST_FIELDS } from "./bun-http3-fields.ts";
import { type Backlogged, Http3Backlogs } from "./http3-backlogs.ts";

/** What the writer of node:quic has to wait for; the types leave it out. */
const DRAINABLE = Symbol.for("Stream.drainableProtocol");

interface Writer {
  /** False where the chunk wasn't taken. */
  writeSync(chunk: Uint8Array): boolean;
  /** Below 0 where it can't end now. */
  endSync(): number;
  /** Null where there is room, or the stream is over. */
  [DRAINABLE](): Promise<unknown> | null;
}

/** node:quic has more than its types say. */
type NativeStream = QuicStream & {
  resetStream(code: bigint): void;
  stopSending(code: bigint): void;
};

/** Of all streams of the process. */
const backlogs = new Http3Backlogs();

/** A request of node:quic: its reader, which asks for chunks, and its writer made into calls. */
export class BunHttp3Stream implements Http3Stream, Backlogged {
  private readonly stream: NativeStream;
  private handler!: Http3StreamHandler;
  private over = false;
  private trailers: Http3Fields | null = null;
  /** Ends the reader's wait. */
  private wake: (() => void) | null = null;
  private paused = false;
  /** Bytes that the handler has been given. */
  private delivered = 0;
  /** The handler wants no more of the request. */
  private unwanted = false;
  private writer: Writer | null = null;
  /** Waiting for the writer to take more. */
  private full = false;
  /** What the writer didn't take. */
  private unsent: Uint8Array | null = null;
  private ended = false;
  private hasTrailers = false;

  constructor(stream: QuicStream) {
    this.stream = stream as NativeStream;
    stream.ontrailers = (block) => {
      this.trailers = http3Fields(block);
    };
    // A reset needs no word of its own: it ends the stream.
    stream.onreset = () => {};
    stream.closed.then(
      () => this.closed(),
      (error: Error) => this.closed(error),
    );
  }

  /** Gives the request to its handler from the next microtask on. */
  start(handler: Http3StreamHandler): void {
    this.handler = handler;
    void this.read();
  }

  private async read(): Promise<void> {
    try {
      // Never before the starter of this has returned.
      await null;
      for await (const chunks of this.stream) {
        for (const chunk of chunks) {
          while (this.paused) await this.resumed();
          if (this.over) return;
          this.delivered += chunk.length;
          if (!this.unwanted) this.handler.data(chunk);
        }
        if (!this.unwanted) this.handler.flush();
      }
      // Trailers come behind the end of the body, in the same turn of the event loop.
      await new Promise(setImmediate);
      while (this.paused) await this.resumed();
      if (!this.over && !this.unwanted) this.handler.end(this.trailers);
    } catch (error) {
      // A stream that broke off, or a request that isn't wanted, whose response goes on.
      if (this.stream.destroyed || this.unwanted) return;
      // What the handler itself throws is a mistake of its own.
      reportUncaught(error);
      this.stream.destroy();
    }
  }

  private resumed(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private closed(error?: Error): void {
    if (this.over) return;
    this.over = true;
    backlogs.remove(this);
    this.resume();
    this.unsent = null;
    try {
      this.handler.close(error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }

  // --- the request ---

  pause(): void {
    this.paused = true;
    if (!this.over && !this.unwanted) backlogs.add(this);
  }

  get backlog(): number {
    return this.over ? 0 : Number(this.stream.stats.bytesReceived) - this.delivered;
  }

  overflow(): void {
    if (this.over || this.unwanted) return;
    this.stopReading();
    try {
      this.handler.overflow();
    } catch (error) {
      reportUncaught(error);
    }
  }

  resume(): void {
    this.paused = false;
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  stopReading(): void {
    if (this.over || this.unwanted) return;
    this.unwanted = true;
    backlogs.remove(this);
    this.stream.stopSending(BigInt(Http3Error.noError));
    this.resume();
  }

  // --- the response ---

  sendHead(fields: Http3Fields, end: boolean): boolean {
    if (this.over) return true;
    if (fields.length > MOST_FIELDS) return false;
    const block = headerBlock(fields);
    if (Number(block[":status"]) < 200) this.stream.sendInformationalHeaders(block);
    else this.stream.sendHeaders(block, { terminal: end });
    return true;
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.over) return true;
    this.writer ??= this.stream.writer as unknown as Writer;
    this.put(bytes.slice(start, end));
    return !this.full;
  }

  private put(chunk: Uint8Array): void {
    const writer = this.writer!;
    if (this.full || !writer.writeSync(chunk)) {
      const { unsent } = this;
      this.unsent = unsent === null ? chunk : new Uint8Array(Buffer.concat([unsent, chunk]));
    }
    this.awaitRoom();
  }

  private awaitRoom(): void {
    if (this.full) return;
    const room = this.writer![DRAINABLE]();
    if (room === null) return;
    this.full = true;
    const drained = () => {
      this.full = false;
      if (!this.over) this.roomAgain();
    };
    room.then(drained, drained);
  }

  private roomAgain(): void {
    const { unsent } = this;
    if (unsent !== null) {
      this.unsent = null;
      this.put(unsent);
      if (this.full) return;
    }
    if (this.ended) {
      this.finish();
      return;
    }
    try {
      this.handler.drain();
    } catch (error) {
      reportUncaught(error);
    }
  }

  end(trailers: Http3Fields | null): boolean {
    if (this.over || this.ended) return true;
    if (trailers !== null && trailers.length > MOST_FIELDS) return false;
    this.ended = true;
    this.writer ??= this.stream.writer as unknown as Writer;
    if (trailers !== null && trailers.length > 0) {
      this.hasTrailers = true;
      this.stream.onwanttrailers = () => void this.stream.sendTrailers(headerBlock(trailers));
    }
    if (!this.full && this.unsent === null) this.finish();
    return true;
  }

  private finish(): void {
    const end = () => {
      if (!this.over) this.writer!.endSync();
    };
    // In the same turn as the last bytes, node:quic writes the trailers' block as if it were body.
    if (this.hasTrailers) setImmediate(end);
    else end();
  }

  reset(code: Http3Error): void {
    if (this.over) return;
    this.stream.resetStream(BigInt(code));
    this.stream.stopSending(BigInt(code));
    this.resume();
  }
}
