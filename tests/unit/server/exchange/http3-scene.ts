import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import type {
  Http3Fields,
  Http3Stream,
  Http3StreamHandler,
  Http3Connection as NativeConnection,
} from "../../../../src/net/http3.ts";
import { Http3Connection } from "../../../../src/server/http3/http3-connection.ts";
import { type EntryScene, type ExchangeScene, Got, type RequestGiven } from "./exchange-scene.ts";

const NATIVE = {
  remote: { ip: "192.0.2.1", port: 1 },
  local: { ip: "192.0.2.2", port: 2 },
  tls: { serverName: "a.test", alpn: "h3", version: "TLSv1.3" },
  drain() {},
  cut() {},
} as unknown as NativeConnection;

class Client implements ExchangeScene, Http3Stream {
  readonly got = new Got();
  holding = false;
  private readonly connection: Http3Connection;
  private handler: Http3StreamHandler | null = null;
  private takes = true;
  private over = false;

  constructor(entry: EntryScene) {
    this.connection = new Http3Connection(NATIVE, entry, "default", () => undefined);
  }

  request({ method = "GET", path = "/", headers = {}, body, begun }: RequestGiven): void {
    const fields: [string, string][] =
      method === "CONNECT"
        ? [
            [":method", method],
            [":authority", "a.test:443"],
          ]
        : [
            [":method", method],
            [":scheme", "https"],
            [":authority", "a.test"],
            [":path", path],
          ];
    fields.push(...Object.entries(headers));
    if (body !== undefined) fields.push(["content-length", String(body.length)]);
    this.handler = this.connection.request(this, fields);
    if (body) this.more(body);
    if (begun) this.more(begun);
    if (begun === undefined) this.endBody();
  }

  more(text: string): void {
    this.handler!.data(latin1Bytes(text));
    this.handler!.flush();
  }

  endBody(): void {
    this.handler!.end(null);
  }

  leave(): void {
    this.over = true;
    this.handler!.close();
  }

  refuse(): void {
    this.takes = false;
  }

  take(): void {
    this.takes = true;
    this.handler!.drain();
  }

  // --- what the server does with the stream ---

  sendHead(fields: Http3Fields, end: boolean): boolean {
    const { ":status": status, ...headers } = Object.fromEntries(fields);
    if (Number(status) < 200) this.got.interim.push(Number(status));
    else this.got.status = Number(status);
    this.got.headers = headers;
    if (end) this.got.whole = true;
    return true;
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.got.body += latin1(bytes, start, end);
    return this.takes;
  }

  end(trailers: Http3Fields | null): boolean {
    this.got.whole = true;
    this.got.trailers = trailers && Object.fromEntries(trailers);
    return true;
  }

  pause(): void {
    this.holding = true;
  }

  resume(): void {
    this.holding = false;
  }

  stopReading(): void {}

  reset(): void {
    if (this.over) return;
    this.over = true;
    if (!this.got.whole) this.got.cut = true;
    queueMicrotask(() => this.handler!.close());
  }
}

export const http3Scene = (entry: EntryScene): ExchangeScene => new Client(entry);
