import { expect } from "bun:test";
import { concatBytes } from "../../../../src/core/bytes.ts";
import type { Fields } from "../../../../src/wire/fields.ts";
import {
  DEFAULT_HTTP2_LIMITS,
  ErrorCode,
  type Http2Head,
  type Http2Limits,
  type Http2Sink,
  type Http2Stream,
} from "../../../../src/wire/http2/message.ts";
import { Session } from "../../../../src/wire/http2/session.ts";
import type { Header } from "./hpack/header-list.ts";
import { fieldsInWords, Output, PREFACE, writeBlock } from "./session-scene.ts";
import { WireWatch } from "./wire-watch.ts";

/** One direction of a message. */
export interface Content {
  readonly fields: readonly Header[];
  /** Bytes of the body, which is sent in pieces of `piece`. */
  readonly body: number;
  readonly piece: number;
  readonly trailers: readonly Header[] | null;
}

export interface Exchange {
  readonly request: Content;
  readonly response: Content;
  readonly interim: number;
  /** The response begins with the request's head, or behind its end. */
  readonly early: boolean;
}

const LONGEST = 2 ** 20;
/** Bodies are pieces of this: code that loses, doubles or mixes up bytes is found out. */
const PATTERN = Uint8Array.from(
  { length: LONGEST + 1000 },
  (_, i) => (i * 31 + (i >> 7) * 7) & 255,
);

type Owner = Half;
type Stream = Http2Stream<Owner>;

/** What one end does with one stream: sends one content, receives the other one. */
class Half {
  readonly exchange: Exchange;
  readonly stream: Stream;
  private readonly end: End;
  private readonly seed: number;
  private sent = 0;
  private started = false;
  sentAll = false;
  /** Reset by this end, or it has heard so. */
  cut = false;
  interims = 0;
  words: string[] = [];
  received = 0;
  trailers: string[] | null = null;
  ended = false;

  constructor(end: End, stream: Stream, exchange: Exchange) {
    this.end = end;
    this.stream = stream;
    this.exchange = exchange;
    this.seed = stream.id % 900;
  }

  get outgoing(): Content {
    return this.end.role === "client" ? this.exchange.request : this.exchange.response;
  }

  get incoming(): Content {
    return this.end.role === "client" ? this.exchange.response : this.exchange.request;
  }

  start(pseudo: readonly Header[]): void {
    const { session } = this.end;
    const { fields, body, trailers } = this.outgoing;
    this.started = true;
    writeBlock(session.block, [...pseudo, ...fields]);
    const end = body === 0 && trailers === null;
    session.sendHead(this.stream, end);
    this.sentAll = end;
    this.pump();
  }

  /** Sends what the windows take. */
  pump(): void {
    if (!this.started || this.sentAll || this.cut) return;
    const { session } = this.end;
    const { body, piece, trailers } = this.outgoing;
    while (this.sent < body) {
      const size = Math.min(piece, body - this.sent);
      const start = this.seed + this.sent;
      const last = trailers === null && this.sent + size === body;
      const taken = session.sendData(this.stream, PATTERN, start, start + size, last);
      this.sent += taken;
      if (taken < size) return;
    }
    if (trailers !== null) {
      writeBlock(session.block, trailers);
      session.sendHead(this.stream, true);
    }
    this.sentAll = true;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    expect(this.cut || this.ended).toBe(false);
    const from = this.seed + this.received;
    const same = PATTERN.subarray(from, from + end - start);
    if (Buffer.compare(bytes.subarray(start, end), same) !== 0) {
      throw new Error(`Stream ${this.stream.id} got wrong bytes at ${this.received}`);
    }
    this.received += end - start;
  }

  /** What came is what was sent. */
  check(): void {
    const { fields, body, trailers } = this.incoming;
    const words = (list: readonly Header[]) => list.map(([name, value]) => `${name}=${value}`);
    expect(this.words).toEqual(words(fields));
    expect(this.received).toBe(body);
    expect(this.trailers).toEqual(trailers === null ? null : words(trailers));
    expect({ ended: this.ended, sentAll: this.sentAll }).toEqual({ ended: true, sentAll: true });
  }
}

/** A session with a driver that does what its exchanges say. */
class End implements Http2Sink<Owner> {
  readonly role: "client" | "server";
  readonly session: Session<Owner>;
  readonly output = new Output();
  readonly halves = new Map<number, Half>();
  /** Received bytes that wait for being consumed. */
  held: [Stream, number][] = [];
  holds = false;
  /** The peer's SETTINGS are known. */
  settled = false;
  private readonly exchangeOf: (head: Http2Head) => Exchange;

  constructor(
    role: "client" | "server",
    limits: Http2Limits,
    exchangeOf: (head: Http2Head) => Exchange,
  ) {
    this.role = role;
    this.exchangeOf = exchangeOf;
    this.session = new Session(role, limits, this, this.output);
  }

  consumeAll(): void {
    const { held } = this;
    this.held = [];
    for (const [stream, bytes] of held) this.session.consume(stream, bytes);
  }

  reset(half: Half): void {
    this.session.reset(half.stream, ErrorCode.cancel);
    half.cut = true;
  }

  private answer(half: Half): void {
    for (let i = 0; i < half.exchange.interim; i++) {
      this.session.block.status(103);
      this.session.sendHead(half.stream, false);
    }
    half.start([[":status", "200"]]);
  }

  streamHead(stream: Stream, head: Http2Head, end: boolean): void {
    if (this.role === "client") {
      const half = stream.owner!;
      if (head.status === 103) {
        half.interims++;
        return;
      }
      half.words = fieldsInWords(head.bytes, head.fields);
      half.ended = end;
      expect(half.interims).toBe(half.exchange.interim);
      return;
    }
    const half = new Half(this, stream, this.exchangeOf(head));
    stream.owner = half;
    this.halves.set(stream.id, half);
    half.words = fieldsInWords(head.bytes, head.fields).slice(2);
    half.ended = end;
    if (end || half.exchange.early) this.answer(half);
  }

  streamData(stream: Stream, bytes: Uint8Array, start: number, end: number): void {
    stream.owner!.data(bytes, start, end);
    if (this.holds) this.held.push([stream, end - start]);
    else this.session.consume(stream, end - start);
  }

  streamEnd(stream: Stream, trailers: Fields | null, bytes: Uint8Array): void {
    const half = stream.owner!;
    expect(half.ended || half.cut).toBe(false);
    half.ended = true;
    half.trailers = trailers === null ? null : fieldsInWords(bytes, trailers);
    if (this.role === "server" && !half.exchange.early) this.answer(half);
  }

  streamReset(stream: Stream, code: number, byPeer: boolean): void {
    expect([code, byPeer]).toEqual([ErrorCode.cancel, true]);
    expect(stream.owner!.cut).toBe(false);
    stream.owner!.cut = true;
  }

  streamWritable(stream: Stream): void {
    stream.owner!.pump();
  }

  peerSettings(): void {
    this.settled = true;
  }

  peerGoAway(_last: number, code: number): void {
    expect(code).toBe(ErrorCode.noError);
  }

  pong(): void {}

  sessionError(code: number, reason: string): void {
    throw new Error(`The ${this.role} ended the connection with ${code}: ${reason}`);
  }
}

/** A client and a server, wired back to back, with what is on its way between them. */
export class Pair {
  readonly client: End;
  readonly server: End;
  private readonly limits: Record<"client" | "server", Http2Limits>;
  private readonly watch: Record<"client" | "server", WireWatch>;
  private readonly onWay: Record<"client" | "server", Uint8Array> = {
    client: new Uint8Array(0),
    server: new Uint8Array(0),
  };
  private readonly waiting: Exchange[] = [];
  private readonly exchanges: Exchange[] = [];
  private drained = false;

  constructor(client: Partial<Http2Limits>, server: Partial<Http2Limits>) {
    this.limits = {
      client: { ...DEFAULT_HTTP2_LIMITS, ...client },
      server: { ...DEFAULT_HTTP2_LIMITS, ...server },
    };
    const exchangeOf = (head: Http2Head) => this.exchanges[Number(head.path.slice(1))];
    this.client = new End("client", this.limits.client, exchangeOf);
    this.server = new End("server", this.limits.server, exchangeOf);
    // By the end whose output it is.
    this.watch = {
      client: new WireWatch(this.limits.server),
      server: new WireWatch(this.limits.client),
    };
    this.client.session.start();
    this.server.session.start();
    const preface = this.client.output.take();
    this.client.output.write(preface, PREFACE.length);
    this.collect();
    this.onWay.client = concatBytes([PREFACE, this.onWay.client]);
  }

  private collect(): void {
    const outputs = { client: this.client.output.take(), server: this.server.output.take() };
    // What opens windows first: the other direction's DATA may rest on it.
    this.watch.client.frames(outputs.client, this.watch.server);
    this.watch.server.frames(outputs.server, this.watch.client);
    for (const role of ["client", "server"] as const) {
      if (outputs[role].length > 0) {
        this.onWay[role] = concatBytes([this.onWay[role], outputs[role]]);
      }
    }
  }

  ask(exchange: Exchange): void {
    this.waiting.push(exchange);
    this.begin();
  }

  private begin(): void {
    const { client, waiting } = this;
    while (waiting.length > 0 && client.session.openable > 0) {
      // How many the server takes isn't known yet: one it does.
      if (!client.settled && client.session.streamCount > 0) break;
      const exchange = waiting.shift()!;
      const number = this.exchanges.push(exchange) - 1;
      const stream = client.session.open(null as unknown as Owner)!;
      const half = new Half(client, stream, exchange);
      stream.owner = half;
      client.halves.set(stream.id, half);
      half.start([
        [":method", "POST"],
        [":scheme", "https"],
        [":authority", "app.test"],
        [":path", `/${number}`],
        ["x-first", "is told apart"],
      ]);
    }
    this.collect();
  }

  /** So many bytes of what is on its way arrive, of what `from` has sent. */
  deliver(from: "client" | "server", bytes: number): boolean {
    const onWay = this.onWay[from];
    if (onWay.length === 0) return false;
    const size = Math.min(bytes, onWay.length);
    const to = from === "client" ? this.server : this.client;
    this.onWay[from] = onWay.subarray(size);
    to.session.receive(onWay, 0, size);
    this.collect();
    this.begin();
    return true;
  }

  end(role: "client" | "server"): End {
    return role === "client" ? this.client : this.server;
  }

  consume(role: "client" | "server"): void {
    this.end(role).consumeAll();
    this.collect();
  }

  hold(role: "client" | "server", holds: boolean): void {
    this.end(role).holds = holds;
  }

  reset(role: "client" | "server", which: number): void {
    const end = this.end(role);
    const halves = [...end.halves.values()].filter(
      (half) => !half.cut && !(half.ended && half.sentAll),
    );
    if (halves.length > 0) end.reset(halves[which % halves.length]);
    this.collect();
    this.begin();
  }

  ping(role: "client" | "server"): void {
    this.end(role).session.ping();
    this.collect();
  }

  drain(): void {
    this.drained = true;
    this.server.session.drain();
    this.collect();
  }

  /** Lets everything arrive and be consumed, and checks what has come of it. */
  finish(chunk: number): void {
    this.hold("client", false);
    this.hold("server", false);
    for (let moved = true; moved; ) {
      this.consume("client");
      this.consume("server");
      const up = this.deliver("client", chunk);
      const down = this.deliver("server", chunk);
      moved = up || down;
    }
    expect([this.client.session.streamCount, this.server.session.streamCount]).toEqual([0, 0]);
    if (!this.drained) expect(this.waiting).toEqual([]);
    for (const half of this.client.halves.values()) {
      const other = this.server.halves.get(half.stream.id);
      if (!half.cut && other?.cut !== true) {
        half.check();
        other!.check();
      }
    }
    this.checkWindows();
  }

  /** Everything is consumed: each end may send at least half of the windows again, and never more than all. */
  private checkWindows(): void {
    for (const role of ["client", "server"] as const) {
      const receiver = this.limits[role === "client" ? "server" : "client"];
      const whole = Math.max(receiver.connectionWindow, 65_535);
      expect(this.watch[role].left).toBeLessThanOrEqual(whole);
      expect(this.watch[role].left).toBeGreaterThan(whole / 2 - 1);
    }
  }
}
