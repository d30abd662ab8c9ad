import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Http3Fields } from "../../../../src/net/http3.ts";
import {
  http3Head,
  http3HeadSize,
  http3Trailers,
  MalformedRequest,
  requestFromHttp3,
} from "../../../../src/server/http3/request-from-http3.ts";
import { DEFAULT_LIMITS } from "../../../../src/wire/http1/message.ts";
import { makeRequest, TLS } from "../../../support/http/make-request.ts";

const PSEUDO: Record<string, string> = {
  ":method": "GET",
  ":scheme": "https",
  ":authority": "app.test",
  ":path": "/a?b=1",
};

/** A good head with some pseudo-header fields changed, or left out by null, and further fields. */
function head(changes: Record<string, string | null> = {}, ...more: Http3Fields): Http3Fields {
  const pseudo = Object.entries({ ...PSEUDO, ...changes });
  return [...pseudo.filter((field): field is [string, string] => field[1] !== null), ...more];
}

const fieldsOf = (lines: Http3Fields) => [...http3Head(lines).fields.entries()];

describe("a good head", () => {
  test("becomes method, authority, path and the fields behind Host", () => {
    const made = http3Head(head({}, ["x-a", "1"], ["x-a", "2"], ["te", "trailers"]));
    expect([made.method, made.authority, made.path]).toEqual(["GET", "app.test", "/a?b=1"]);
    expect(made.contentLength).toBe(-1);
    expect([...made.fields.entries()]).toEqual([
      ["host", "app.test"],
      ["x-a", "1"],
      ["x-a", "2"],
      ["te", "trailers"],
    ]);
  });

  test("Host alone names the authority, and stands there once where both do", () => {
    expect(http3Head(head({ ":authority": null }, ["host", "app.test:81"])).authority).toBe(
      "app.test:81",
    );
    expect(fieldsOf(head({}, ["host", "app.test"]))).toEqual([["host", "app.test"]]);
  });

  test("cookies in several fields become one", () => {
    const lines = head({}, ["cookie", "a=1"], ["x-a", "1"], ["cookie", "b=2; c=3"]);
    expect(fieldsOf(lines)).toEqual([
      ["host", "app.test"],
      ["x-a", "1"],
      ["cookie", "a=1; b=2; c=3"],
    ]);
  });

  test("Content-Length is read, up to 2^53-1", () => {
    const lengthOf = (value: string) =>
      http3Head(head({}, ["content-length", value])).contentLength;
    expect([lengthOf("0"), lengthOf("17"), lengthOf("9007199254740991")]).toEqual([
      0, 17, 9_007_199_254_740_991,
    ]);
  });

  test("OPTIONS * and CONNECT have forms of their own", () => {
    expect(http3Head(head({ ":method": "OPTIONS", ":path": "*" })).path).toBe("*");
    const connect = { ":method": "CONNECT", ":scheme": null, ":path": null };
    const made = http3Head(head({ ...connect, ":authority": "app.test:80" }));
    expect([made.method, made.authority, made.path]).toEqual(["CONNECT", "app.test:80", ""]);
  });
});

const MALFORMED: Record<string, Http3Fields> = {
  "no :method": head({ ":method": null }),
  "an empty :method": head({ ":method": "" }),
  "a :method that is no token": head({ ":method": "GET /" }),
  "no :scheme": head({ ":scheme": null }),
  "a :scheme that isn't HTTP's": head({ ":scheme": "ftp" }),
  "no :path": head({ ":path": null }),
  "an empty :path": head({ ":path": "" }),
  "a :path without its slash": head({ ":path": "a" }),
  "a :path in absolute form": head({ ":path": "https://app.test/" }),
  "* with GET": head({ ":path": "*" }),
  "a space in :path": head({ ":path": "/a b" }),
  "neither :authority nor Host": head({ ":authority": null }),
  "an empty :authority": head({ ":authority": "" }),
  "an :authority with a user": head({ ":authority": "me@app.test" }),
  "an :authority with a path": head({ ":authority": "app.test/" }),
  "an :authority with two ports": head({ ":authority": "app.test:1:2" }),
  "another Host than :authority": head({}, ["host", "other.test"]),
  "two Host fields": head({}, ["host", "app.test"], ["host", "app.test"]),
  "a pseudo-header field twice": [...head(), [":path", "/a?b=1"]],
  "a pseudo-header field behind a regular one": [["x-a", "1"], ...head()],
  "an unknown pseudo-header field": head({ ":protocol": "websocket" }),
  "a response's pseudo-header field": head({ ":status": "200" }),
  "CONNECT with a :path": head({ ":method": "CONNECT", ":scheme": null }),
  "CONNECT with a :scheme": head({ ":method": "CONNECT", ":path": null }),
  "CONNECT with Host alone": [
    [":method", "CONNECT"],
    ["host", "app.test:80"],
  ],
  "a name in upper case": head({}, ["X-A", "1"]),
  "an empty name": head({}, ["", "1"]),
  "a name with a space": head({}, ["x a", "1"]),
  "a line feed in a value": head({}, ["x-a", "1\nx-b: 2"]),
  "a carriage return in a value": head({}, ["x-a", "1\r"]),
  "a NUL in a value": head({}, ["x-a", "\0"]),
  "a line feed in a pseudo-header field": head({ ":authority": "app.test\n" }),
  connection: head({}, ["connection", "close"]),
  "keep-alive": head({}, ["keep-alive", "1"]),
  "proxy-connection": head({}, ["proxy-connection", "close"]),
  "transfer-encoding": head({}, ["transfer-encoding", "chunked"]),
  upgrade: head({}, ["upgrade", "websocket"]),
  "te that says gzip": head({}, ["te", "trailers, gzip"]),
  "two lengths that agree": head({}, ["content-length", "1"], ["content-length", "1"]),
  "an empty length": head({}, ["content-length", ""]),
  "a length with a sign": head({}, ["content-length", "+1"]),
  "a length in hexadecimal": head({}, ["content-length", "0x1"]),
  "a length beyond 2^53-1": head({}, ["content-length", "9007199254740992"]),
};

describe("refused", () => {
  for (const [what, lines] of Object.entries(MALFORMED)) {
    test(what, () => {
      expect(() => http3Head(lines)).toThrow(MalformedRequest);
    });
  }
});

test("whatever the fields are: nothing that could end a line passes, and Host is first", () => {
  const name = fc.oneof(fc.constantFrom(...Object.keys(PSEUDO), "host", "cookie"), fc.string());
  const value = fc.oneof(fc.constantFrom("/", "app.test", "GET", "https"), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (more) => {
      let made: ReturnType<typeof http3Head>;
      try {
        made = http3Head(head({}, ...more));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedRequest);
        return;
      }
      const entries = [...made.fields.entries()];
      expect(entries[0]).toEqual(["host", made.authority]);
      expect(entries.filter(([other]) => other === "host").length).toBe(1);
      for (const text of [made.method, made.path, made.authority, ...entries.flat()]) {
        expect(text).not.toMatch(/[\r\n\0]/);
      }
      for (const [other] of entries) expect(other).toMatch(/^[^:\sA-Z]+$/);
    }),
  );
});

test("a head's size is its names and values and 32 for each field", () => {
  expect(http3HeadSize([])).toBe(0);
  expect(
    http3HeadSize([
      [":method", "GET"],
      ["x", ""],
    ]),
  ).toBe(7 + 3 + 32 + 1 + 32);
});

test("the request: its scheme is the connection's, whatever the client claims", () => {
  const { exchange } = makeRequest({ tls: TLS, protocol: "HTTP/3.0" });
  const request = requestFromHttp3(exchange, http3Head(head({ ":scheme": "http" })), null);
  expect(request.url).toBe("https://app.test/a?b=1");
  expect(request.method).toBe("GET");
  expect([exchange.host, exchange.target]).toEqual(["app.test", "/a?b=1"]);
});

describe("trailers", () => {
  test("keep what may stand there: no framing, no routing, no credentials", () => {
    const lines: Http3Fields = [
      ["x-sum", "1"],
      ["x-sum", "\xe9"],
      ["host", "other.test"],
      ["transfer-encoding", "chunked"],
      ["trailer", "x"],
      ["authorization", "x"],
    ];
    expect([...http3Trailers(lines, DEFAULT_LIMITS).entries()]).toEqual(
      lines.slice(0, 2) as [string, string][],
    );
  });

  test("that are malformed are refused", () => {
    for (const line of [
      [":status", "200"],
      ["", "1"],
      ["X-Sum", "1"],
      ["x-sum:", "1"],
      ["x-sum", "1\r\nx-a: 1"],
      ["x-sum", "\u0100"],
    ] as const) {
      expect(() => http3Trailers([line], DEFAULT_LIMITS)).toThrow(MalformedRequest);
    }
  });
});
