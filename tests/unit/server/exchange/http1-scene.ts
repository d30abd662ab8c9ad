import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { Http1Connection } from "../../../../src/server/http1/http1-connection.ts";
import type { Fields } from "../../../../src/wire/fields.ts";
import {
  DEFAULT_LIMITS,
  type MessageSink,
  type ResponseHead,
} from "../../../../src/wire/http1/message.ts";
import { ResponseParser } from "../../../../src/wire/http1/response-parser.ts";
import { FakeConnection } from "../../net/fake-connection.ts";
import { fieldsOf } from "../../wire/http1/recorder.ts";
import { type EntryScene, type ExchangeScene, Got, type RequestGiven } from "./exchange-scene.ts";

class Client implements ExchangeScene, MessageSink<ResponseHead> {
  private readonly seen = new Got();
  private readonly connection = new FakeConnection();
  private readonly parser = new ResponseParser(DEFAULT_LIMITS, this);
  private parsed = 0;

  constructor(entry: EntryScene) {
    this.connection.handler = new Http1Connection(this.connection, entry);
  }

  get got(): Got {
    const { connection, seen } = this;
    const bytes = connection.sent;
    this.parser.parse(bytes, this.parsed, bytes.length);
    this.parsed = bytes.length;
    const over = connection.calls.some((call) => ["shutdown", "close", "reset"].includes(call));
    if (over && !seen.whole) seen.cut = true;
    return seen;
  }

  request({ method = "GET", path = "/", headers = {}, body, begun }: RequestGiven): void {
    const lines = Object.entries({ host: "a.test", ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    if (body !== undefined) lines.push(`content-length: ${body.length}`);
    if (begun !== undefined) lines.push("transfer-encoding: chunked");
    this.parser.begin(method);
    this.send(
      `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body ?? (begun ? chunk(begun) : "")}`,
    );
  }

  more(text: string): void {
    this.send(chunk(text));
  }

  endBody(): void {
    this.send("0\r\n\r\n");
  }

  private send(text: string): void {
    this.connection.handler.data(latin1Bytes(text));
  }

  leave(): void {
    this.connection.fail();
  }

  refuse(): void {
    this.connection.capacities = new Array(1000).fill(0);
  }

  take(): void {
    this.connection.capacities = [];
    this.connection.drain();
  }

  get holding(): boolean {
    return this.connection.paused;
  }

  messageHead({ status, bytes, fields }: ResponseHead): void {
    if (status < 200) this.seen.interim.push(status);
    else this.seen.status = status;
    this.seen.headers = Object.fromEntries(
      fieldsOf(fields, bytes).map(([name, value]) => [name.toLowerCase(), value]),
    );
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    this.seen.body += latin1(bytes, start, end);
  }

  messageEnd(trailers: Fields | null, bytes: Uint8Array): void {
    this.seen.whole = true;
    this.seen.trailers = trailers && Object.fromEntries(fieldsOf(trailers, bytes));
  }
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

export const http1Scene = (entry: EntryScene): ExchangeScene => new Client(entry);
