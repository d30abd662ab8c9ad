import { expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { now } from "../../../../src/core/timers.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { Http1Connection } from "../../../../src/server/http1/http1-connection.ts";
import { Http2Connection } from "../../../../src/server/http2/http2-connection.ts";
import { request } from "../../../support/http/raw-http2.ts";
import { FakeConnection } from "../../net/fake-connection.ts";
import {
  Flag,
  FrameType,
  FrameWords,
  frame,
  PREFACE,
  settings,
} from "../../wire/http2/session-scene.ts";
import { EntryScene } from "./exchange-scene.ts";

/** Connections that come out of a handshake while their entrypoint is shutting down. */
function scene(Server: typeof Http1Connection | typeof Http2Connection) {
  const entry = new EntryScene(() => LazyResponse.text(200, "here"));
  entry.draining = true;
  const connection = new FakeConnection();
  connection.handler = new Server(connection, entry);
  return { entry, connection };
}

test("over HTTP/1.1 the first request is answered, and is the last", () => {
  const { connection } = scene(Http1Connection);
  connection.handler.data(latin1Bytes("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  expect(latin1(connection.sent)).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(latin1(connection.sent)).toContain("\r\nConnection: close\r\n");
  expect(connection.calls).toContain("shutdown");
});

test("over HTTP/1.1 one that asks nothing is closed a moment later, not behind the readTimeout", () => {
  const { entry, connection } = scene(Http1Connection);
  expect(connection.closed).toBe(false);
  entry.deadlines.sweep(now() + 1000);
  expect(connection.closed).toBe(true);
});

test("over HTTP/2 the first request is answered, and GOAWAY says that there should be no others", async () => {
  const { entry, connection } = scene(Http2Connection);
  const head = frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 1, request());
  for (const bytes of [PREFACE, settings(), head]) connection.handler.data(bytes);
  await new Promise((resolve) => setTimeout(resolve));
  const wrote = new FrameWords().all(connection.sent);
  expect(wrote).toContain("GOAWAY 2147483647 NO_ERROR");
  expect(wrote.some((word) => word.startsWith("HEADERS 1 :status=200"))).toBe(true);
  entry.deadlines.sweep(now() + 2000);
  expect(new FrameWords().all(connection.sent)).toContain("GOAWAY 1 NO_ERROR");
  expect(connection.calls).toContain("shutdown");
});
