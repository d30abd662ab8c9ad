import { expect } from "bun:test";
import type { Fields } from "../../src/wire/fields.ts";
import {
  DEFAULT_HTTP2_LIMITS,
  ErrorCode,
  type Http2Head,
  type Http2Limits,
  type Http2Sink,
  type Http2Stream,
} from "../../src/wire/http2/message.ts";
import { Session } from "../../src/wire/http2/session.ts";
import {
  FrameWords,
  fieldsInWords,
  Output,
  PREFACE,
  writeBlock,
} from "../unit/wire/http2/session-scene.ts";

const LIMITS: Http2Limits = {
  ...DEFAULT_HTTP2_LIMITS,
  maxConcurrentStreams: 5,
  maxHeaderListBytes: 2000,
  maxFields: 20,
  streamWindow: 65_535,
  connectionWindow: 65_535,
  maxIdleControlFrames: 60,
  maxResets: 20,
};

export type Role = "server" | "client";
type Stream = Http2Stream<Life>;

/** What the driver knows of one stream. */
interface Life {
  headed: boolean;
  ended: boolean;
  gone: boolean;
}

/**
 * A driver that trusts no peer: the peer may send anything, but the session keeps its promises. What it
 * does itself comes from `moods`, over and over.
 */
export class Driver implements Http2Sink<Life> {
  readonly session: Session<Life>;
  readonly role: Role;
  over = false;
  heads = 0;
  private readonly output = new Output();
  private readonly words = new FrameWords();
  private readonly moods: readonly number[];
  private turn = 0;
  private goneAway = false;
  private read = 0;
  private written = 0;

  constructor(role: Role, moods: readonly number[]) {
    this.role = role;
    this.moods = moods;
    this.session = new Session(role, LIMITS, this, this.output);
    this.session.start();
    if (role === "client") {
      const bytes = this.output.take();
      this.output.write(bytes, PREFACE.length);
      for (let i = 0; i < 4; i++) this.ask();
    }
    this.look();
    this.written = 0;
  }

  private mood(): number {
    return this.moods.length === 0 ? 0 : this.moods[this.turn++ % this.moods.length];
  }

  private ask(): void {
    const stream = this.session.open({ headed: false, ended: false, gone: false });
    if (stream === null) return;
    writeBlock(this.session.block, [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", "/"],
    ]);
    const end = this.mood() % 2 === 0;
    this.session.sendHead(stream, end);
    if (!end) this.session.sendData(stream, BODY, 0, 3000, this.mood() % 2 === 0);
  }

  /** Frames it has written; what no peer could read throws here. */
  look(): string[] {
    const bytes = this.output.take();
    this.written += bytes.length;
    const words = this.words.all(bytes);
    for (const each of words) {
      // Nothing follows a GOAWAY that ends the connection; those of a drain have no error.
      expect(this.goneAway).toBe(false);
      if (each.startsWith("GOAWAY") && !each.endsWith(" NO_ERROR")) this.goneAway = true;
    }
    expect(this.goneAway).toBe(this.over);
    return words;
  }

  receive(bytes: Uint8Array): string[] {
    this.read += bytes.length;
    this.session.receive(bytes, 0, bytes.length);
    const words = this.look();
    if (this.role === "server") {
      expect(this.session.streamCount).toBeLessThanOrEqual(LIMITS.maxConcurrentStreams);
    }
    if (this.over) expect(this.session.streamCount).toBe(0);
    // A request of a few indexes gets the whole body that is sent here.
    expect(this.written).toBeLessThanOrEqual(1000 + this.read * 10 + this.heads * 4000);
    return words;
  }

  /** Does something with a stream, or doesn't. */
  private act(stream: Stream): void {
    const { session } = this;
    switch (this.mood() % 8) {
      case 0:
      case 1:
      case 2:
        if (this.role === "server" && !stream.sendClosed) {
          session.block.status(200);
          session.block.text(0, "x-a", "again and again");
          session.sendHead(stream, false);
          session.sendData(stream, BODY, 0, 3000, true);
        }
        break;
      case 3:
        session.reset(stream, ErrorCode.cancel);
        stream.owner!.gone = true;
        break;
      case 4:
        // A head for which it may be too late.
        session.block.text(0, "x-late", String(this.turn));
        session.sendHead(stream, true);
        break;
      case 5:
        if (this.mood() % 16 === 5) session.drain();
        break;
    }
  }

  streamHead(stream: Stream, head: Http2Head, end: boolean): void {
    expect(this.over).toBe(false);
    this.heads++;
    if (this.role === "server") {
      expect(stream.owner).toBeNull();
      expect(stream.id % 2).toBe(1);
      stream.owner = { headed: false, ended: false, gone: false };
    }
    const life = stream.owner!;
    expect(life).toEqual({ headed: false, ended: false, gone: false });
    life.headed = head.status === 0 || head.status >= 200;
    life.ended = end;
    expect(head.bytes.length).toBeLessThanOrEqual(LIMITS.maxHeaderListBytes);
    for (const words of fieldsInWords(head.bytes, head.fields)) {
      expect(words).toMatch(
        /^[!#$%&'*+\-.^_`|~0-9a-z]+=([!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/,
      );
      expect(words).not.toMatch(/^(connection|transfer-encoding|upgrade|keep-alive)=/);
    }
    if (this.role === "server") expect(head.path === "" || /^[/*]/.test(head.path)).toBe(true);
    this.act(stream);
  }

  streamData(stream: Stream, bytes: Uint8Array, start: number, end: number): void {
    expect(stream.owner).toEqual({ headed: true, ended: false, gone: false });
    expect(this.over).toBe(false);
    expect(0 <= start && start < end && end <= bytes.length).toBe(true);
    if (this.mood() % 4 !== 0) this.session.consume(stream, end - start);
    this.act(stream);
  }

  streamEnd(stream: Stream, trailers: Fields | null, bytes: Uint8Array): void {
    expect(stream.owner).toEqual({ headed: true, ended: false, gone: false });
    stream.owner!.ended = true;
    if (trailers !== null) fieldsInWords(bytes, trailers);
    this.act(stream);
  }

  streamReset(stream: Stream): void {
    expect([stream.sendClosed, stream.receiveClosed]).toEqual([true, true]);
    // Malformed requests were never heard of.
    if (stream.owner === null) return;
    expect(stream.owner.gone).toBe(false);
    stream.owner.gone = true;
    this.act(stream);
  }

  streamWritable(stream: Stream): void {
    expect(stream.sendClosed).toBe(false);
    this.act(stream);
  }

  peerSettings(): void {
    expect(this.over).toBe(false);
  }

  peerGoAway(): void {
    expect(this.over).toBe(false);
  }

  pong(): void {
    expect(this.over).toBe(false);
  }

  sessionError(code: number, reason: string): void {
    expect(this.over).toBe(false);
    expect(code).toBeGreaterThan(0);
    expect(reason).not.toBe("");
    this.over = true;
  }
}

const BODY = new Uint8Array(3000).fill(0x62);
