import { expect, test } from "bun:test";
import { interimHead, sentTrailers } from "../../../../src/server/http3/http3-fields.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";

test("a response's head: names in lower case, connection's fields and the length left out", () => {
  const list = HeaderList.from([
    ["Content-Type", "text/plain"],
    ["Connection", "x"],
    ["Keep-Alive", "timeout=1"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "h2c"],
    ["Content-Length", "1"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ]);
  expect(interimHead(200, list)).toEqual([
    [":status", "200"],
    ["content-type", "text/plain"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
});

test("sent trailers have no framing and no routing", () => {
  expect(
    sentTrailers(
      HeaderList.from([
        ["Grpc-Status", "0"],
        ["Content-Length", "1"],
        ["Content-Type", "a/b"],
      ]),
    ),
  ).toEqual([["grpc-status", "0"]]);
});
