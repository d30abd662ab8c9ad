import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import type { ProxyError } from "../../../../src/core/errors.ts";
import type { Body } from "../../../../src/http/body.ts";
import type { Exchange } from "../../../../src/http/exchange.ts";
import { LazyRequest } from "../../../../src/http/lazy/lazy-request.ts";
import type { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { ExchangeDriver } from "../../../../src/server/exchange/exchange-driver.ts";
import { clientGone, graceTimeOver } from "../../../../src/server/exchange/exchange-endings.ts";
import { type ResponseWire, Taken } from "../../../../src/server/exchange/response-wire.ts";
import { ServerConnection } from "../../../../src/server/exchange/server-connection.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { http3ResponseTrailers } from "../../../../src/wire/http3/message.ts";
import { type EntryScene, type ExchangeScene, Got, type RequestGiven } from "./exchange-scene.ts";

const ADDRESS = { ip: "192.0.2.1", port: 1 };

class FakeConnection extends ServerConnection {
  driver: ExchangeDriver | null = null;

  constructor(entry: EntryScene) {
    super(entry, ADDRESS, ADDRESS, null, null);
  }

  expired(): void {
    if (this.passed(this.driver!.due)) this.driver!.expired();
  }

  drainConnection(): void {}

  cutConnection(): void {
    this.driver!.breakOff(graceTimeOver());
    this.forget();
  }
}

/** A wire that is the contract and nothing more: what the driver says is what the client gets. */
class FakeWire implements ResponseWire {
  readonly protocol = "HTTP/1.1";
  readonly backlogged = false;
  readonly holdsBytes = false;
  readonly got = new Got();
  given: RequestGiven = {};
  takes = true;
  holding = false;

  request(exchange: Exchange, body: Body | null): LazyRequest {
    const { method = "GET", path = "/", headers = {} } = this.given;
    exchange.host = "a.test";
    const list = HeaderList.from(Object.entries(headers));
    return new LazyRequest(exchange, method, "http", "a.test", path, list, body);
  }

  pauseRequest(): void {
    this.holding = true;
  }

  resumeRequest(): void {
    this.holding = false;
  }

  interim(status: number): void {
    this.got.interim.push(status);
  }

  head(response: LazyResponse, _method: string, length: number, end: boolean): Taken {
    this.got.status = response.status;
    this.got.headers = Object.fromEntries(
      [...response.headerList.entries()].map(([name, value]) => [name.toLowerCase(), value]),
    );
    if (length >= 0) this.got.headers["content-length"] = String(length);
    this.got.whole = end;
    return Taken.all;
  }

  write(bytes: Uint8Array, start: number, end: number): Taken {
    this.got.body += latin1(bytes, start, end);
    return this.resume();
  }

  flush(): Taken {
    return this.resume();
  }

  end(trailers: HeaderList | null): Taken {
    this.got.whole = true;
    this.got.trailers = trailers && Object.fromEntries(http3ResponseTrailers(trailers));
    return Taken.all;
  }

  resume(): Taken {
    return this.takes ? Taken.all : Taken.stalled;
  }

  join(): boolean {
    return false;
  }

  endAfterResponse(): void {}
  beLast(): void {}
  sent(): void {}

  reset(): void {
    this.got.cut = true;
  }

  over(): void {
    this.got.cut = true;
  }
}

class Client implements ExchangeScene {
  private readonly wire = new FakeWire();
  private readonly driver: ExchangeDriver;
  private readonly entry: EntryScene;

  constructor(entry: EntryScene) {
    const connection = new FakeConnection(entry);
    this.entry = entry;
    this.driver = new ExchangeDriver(connection, this.wire);
    connection.driver = this.driver;
  }

  get got(): Got {
    return this.wire.got;
  }

  request(given: RequestGiven): void {
    const { method = "GET", path = "/", body, begun } = given;
    const { driver, entry } = this;
    this.wire.given = given;
    driver.begin(method, path, entry.deadlines.after(entry.readTimeout));
    if (body !== undefined) driver.bodyFollows(body.length);
    else if (begun !== undefined) driver.bodyFollows(-1);
    this.send(body ?? begun ?? "");
    if (begun === undefined) driver.requestEnd(null);
    driver.proceed();
  }

  more(text: string): void {
    this.send(text);
    this.driver.proceed();
  }

  private send(text: string): void {
    if (text !== "") this.driver.requestData(latin1Bytes(text), 0, text.length);
  }

  endBody(): void {
    this.driver.requestEnd(null);
    this.driver.proceed();
  }

  leave(): void {
    const error: ProxyError = clientGone("The client went away");
    this.driver.breakOff(error);
  }

  refuse(): void {
    this.wire.takes = false;
  }

  take(): void {
    this.wire.takes = true;
    this.driver.moved();
    this.driver.writable();
  }

  get holding(): boolean {
    return this.wire.holding;
  }
}

export const fakeWireScene = (entry: EntryScene): ExchangeScene => new Client(entry);
