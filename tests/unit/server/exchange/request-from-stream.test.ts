import { expect, test } from "bun:test";
import { requestFromStream } from "../../../../src/server/exchange/request-from-stream.ts";
import { http3RequestHead } from "../../../../src/wire/http3/message.ts";
import { makeRequest, TLS } from "../../../support/http/make-request.ts";

const HEAD: [string, string][] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "app.test"],
  [":path", "/a?b=1"],
];

test("a request's scheme is the connection's, whatever the client claims", () => {
  const { exchange } = makeRequest({ tls: TLS, protocol: "HTTP/3.0" });
  const request = requestFromStream(exchange, http3RequestHead(HEAD), null);
  expect([request.url, request.method]).toEqual(["https://app.test/a?b=1", "GET"]);
  expect([exchange.host, exchange.target]).toEqual(["app.test", "/a?b=1"]);
});

test("cookies in several fields become one", () => {
  const { exchange } = makeRequest({ tls: TLS, protocol: "HTTP/3.0" });
  const head = http3RequestHead([...HEAD, ["cookie", "a=1"], ["x-a", "1"], ["cookie", "b=2; c=3"]]);
  const { headerList } = requestFromStream(exchange, head, null);
  expect(headerList.all("cookie")).toEqual(["a=1; b=2; c=3"]);
  expect(headerList.all("x-a")).toEqual(["1"]);
});
