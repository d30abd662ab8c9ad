import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { Http2Connection } from "../../../../src/server/http2/http2-connection.ts";
import { fieldIdOfName } from "../../../../src/wire/field-names.ts";
import type { Fields } from "../../../../src/wire/fields.ts";
import {
  DEFAULT_HTTP2_LIMITS,
  ErrorCode,
  type Http2Head,
  type Http2Sink,
  type Http2Stream,
} from "../../../../src/wire/http2/message.ts";
import { Session } from "../../../../src/wire/http2/session.ts";
import { FakeConnection } from "../../net/fake-connection.ts";
import { fieldsOf } from "../../wire/http1/recorder.ts";
import { Output } from "../../wire/http2/session-scene.ts";
import { type EntryScene, type ExchangeScene, Got, type RequestGiven } from "./exchange-scene.ts";

type Stream = Http2Stream<Client>;

class Client implements ExchangeScene, Http2Sink<Client> {
  private readonly seen = new Got();
  private readonly connection = new FakeConnection();
  private readonly output = new Output();
  private readonly session: Session<Client>;
  private stream: Stream | null = null;
  private received = 0;
  private takes = true;
  private untaken = 0;
  private unsent: string[] = [];

  constructor(entry: EntryScene) {
    this.session = new Session("client", DEFAULT_HTTP2_LIMITS, this, this.output);
    this.connection.handler = new Http2Connection(this.connection, entry);
    this.session.start();
    this.exchangeBytes();
  }

  /** Lets both sides have what the other one has written, until there is nothing more. */
  private exchangeBytes(): void {
    for (let quiet = false; !quiet; ) {
      quiet = true;
      const mine = this.output.take();
      if (mine.length > 0 && !this.connection.closed) {
        this.connection.handler.data(mine);
        quiet = false;
      }
      const theirs = this.connection.sent;
      if (theirs.length > this.received) {
        this.session.receive(theirs, this.received, theirs.length);
        this.received = theirs.length;
        quiet = false;
      }
    }
  }

  get got(): Got {
    this.exchangeBytes();
    return this.seen;
  }

  request({ method = "GET", path = "/", headers = {}, body, begun }: RequestGiven): void {
    const { block } = this.session;
    this.stream = this.session.open(this);
    if (method === "CONNECT") {
      block.text(0, ":method", method);
      block.text(0, ":authority", "a.test:443");
    } else {
      block.request(method, "http", "a.test", path);
    }
    const fields =
      body === undefined ? headers : { ...headers, "content-length": String(body.length) };
    for (const [name, value] of Object.entries(fields))
      block.text(fieldIdOfName(name), name, value);
    this.session.sendHead(this.stream!, body === undefined && begun === undefined);
    if (body !== undefined) this.send(body, true);
    else if (begun) this.send(begun, false);
    this.exchangeBytes();
  }

  more(text: string): void {
    this.send(text, false);
    this.exchangeBytes();
  }

  endBody(): void {
    this.send("", true);
    this.exchangeBytes();
  }

  private send(text: string, last: boolean): void {
    const sent = this.session.sendData(this.stream!, latin1Bytes(text), 0, text.length, last);
    if (sent < text.length) this.unsent.push(text.slice(sent));
  }

  leave(): void {
    this.session.reset(this.stream!, ErrorCode.cancel);
    this.exchangeBytes();
  }

  refuse(): void {
    this.takes = false;
  }

  take(): void {
    this.takes = true;
    this.session.consume(this.stream!, this.untaken);
    this.untaken = 0;
    this.exchangeBytes();
  }

  get holding(): boolean {
    return this.unsent.length > 0;
  }

  streamHead(_: Stream, { status, bytes, fields }: Http2Head, end: boolean): void {
    if (status < 200) this.seen.interim.push(status);
    else this.seen.status = status;
    this.seen.headers = Object.fromEntries(fieldsOf(fields, bytes));
    this.seen.whole = end;
  }

  streamData(stream: Stream, bytes: Uint8Array, start: number, end: number): void {
    this.seen.body += latin1(bytes, start, end);
    if (this.takes) this.session.consume(stream, end - start);
    else this.untaken += end - start;
  }

  streamEnd(_: Stream, trailers: Fields | null, bytes: Uint8Array): void {
    this.seen.whole = true;
    this.seen.trailers = trailers && Object.fromEntries(fieldsOf(trailers, bytes));
  }

  streamReset(): void {
    if (!this.seen.whole) this.seen.cut = true;
  }

  streamWritable(): void {
    const unsent = this.unsent.splice(0);
    for (const text of unsent) this.send(text, false);
  }

  peerSettings(): void {}
  peerGoAway(): void {}
  pong(): void {}
  sessionError(): void {
    this.seen.cut ||= !this.seen.whole;
  }
}

export const http2Scene = (entry: EntryScene): ExchangeScene => new Client(entry);
