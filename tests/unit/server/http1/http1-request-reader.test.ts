import { expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import type { ProxyError } from "../../../../src/core/errors.ts";
import type { Connection } from "../../../../src/net/connection.ts";
import {
  Http1RequestReader,
  type RequestOwner,
} from "../../../../src/server/http1/http1-request-reader.ts";
import type { HeaderList } from "../../../../src/wire/header-list.ts";
import { DEFAULT_LIMITS, type RequestHead } from "../../../../src/wire/http1/message.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const SECOND = "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n";

/** A reader, and in words what its owner hears. */
class Scene implements RequestOwner {
  readonly said: string[] = [];
  readonly reader: Http1RequestReader;
  /** What each request is answered with: nothing, or at once. */
  atOnce = false;

  constructor() {
    const connection = {
      pause: () => this.said.push("pause"),
      resume: () => this.said.push("resume"),
    } as unknown as Connection;
    this.reader = new Http1RequestReader(connection, DEFAULT_LIMITS, this);
  }

  feed(...chunks: string[]): string[] {
    for (const chunk of chunks) this.reader.data(latin1Bytes(chunk));
    return this.said.splice(0);
  }

  requestBegins(): void {
    this.said.push("begins");
  }

  requestHead({ method, target }: RequestHead): void {
    this.said.push(`${method} ${target}`);
  }

  requestData(bytes: Uint8Array, start: number, end: number): void {
    this.said.push(`body ${latin1(bytes, start, end)}`);
  }

  requestEnd(trailers: HeaderList | null): void {
    this.said.push(`end${trailers === null ? "" : " with trailers"}`);
  }

  requestRead(): void {
    this.said.push("read");
    if (this.atOnce) this.reader.next();
  }

  requestBroken(error: ProxyError): void {
    this.said.push(error.code);
  }
}

test("a request in one piece, and in pieces of one byte", () => {
  const scene = new Scene();
  expect(scene.reader.idle).toBe(true);
  expect(scene.feed(GET)).toEqual(["GET /a", "end", "read"]);
  scene.reader.next();
  expect(scene.feed(SECOND[0])).toEqual(["begins"]);
  expect([scene.reader.idle, scene.reader.inHead, scene.reader.awaiting]).toEqual([
    false,
    true,
    true,
  ]);
  expect(scene.feed(...SECOND.slice(1))).toEqual(["GET /b", "end", "read"]);
  expect(scene.reader.awaiting).toBe(false);
});

test("what arrives behind a request waits for its answer", () => {
  const scene = new Scene();
  expect(scene.feed(GET + SECOND.slice(0, 9), SECOND.slice(9))).toEqual(["GET /a", "end", "read"]);
  scene.reader.next();
  expect(scene.said.splice(0)).toEqual(["begins", "GET /b", "end", "read"]);
  scene.reader.next();
  expect(scene.reader.idle).toBe(true);
});

test("a long pipeline that is answered at once takes no stack", () => {
  const scene = new Scene();
  scene.atOnce = true;
  const said = scene.feed(GET.repeat(20_000));
  expect(said.filter((event) => event === "GET /a").length).toBe(20_000);
  expect(scene.reader.awaiting).toBe(true);
});

test("a body goes on behind its head, and the next request behind the body", () => {
  const scene = new Scene();
  expect(scene.feed(`${POST}ab`)).toEqual(["POST /p", "body ab", "read"]);
  expect(scene.feed("cd")).toEqual(["body cd", "read"]);
  expect(scene.reader.receiving).toBe(true);
  expect(scene.feed(`ef${GET}`)).toEqual(["body ef", "end", "read"]);
  expect(scene.reader.receiving).toBe(false);
  scene.reader.next();
  expect(scene.said.splice(0)).toEqual(["begins", "GET /a", "end", "read"]);
});

test("a body that comes whole with its head, trailers included", () => {
  const scene = new Scene();
  const head = "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect(scene.feed(`${head}2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n`)).toEqual([
    "PUT /c",
    "body ab",
    "end with trailers",
    "read",
  ]);
});

test("behind what is no request nothing is looked at", () => {
  const scene = new Scene();
  expect(scene.feed("GET  /a HTTP/1.1\r\n\r\n", GET)).toEqual(["bad-request"]);
  expect(scene.feed("x".repeat(64 * 1024))).toEqual([]);
});

test("behind a body that breaks nothing is looked at", () => {
  const scene = new Scene();
  const head = "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect(scene.feed(head)).toEqual(["PUT /c", "read"]);
  expect(scene.feed("zz\r\n", "zz\r\n")).toEqual(["bad-request"]);
});

test("stopped, it gives back what waits and hears nothing more", () => {
  const scene = new Scene();
  scene.feed(GET, "early");
  expect(latin1(scene.reader.stop()!)).toBe("early");
  expect(scene.feed(GET)).toEqual([]);
  expect(scene.reader.stop()).toBeNull();
});
