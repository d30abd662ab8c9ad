import { describe, expect, test } from "bun:test";
import type { DecodedBlock } from "../../../../src/wire/field-block/decoded-block.ts";
import {
  MalformedError,
  requestHead,
  responseHead,
  trailerFields,
} from "../../../../src/wire/field-block/message-head.ts";
import { HpackDecoder } from "../../../../src/wire/http2/hpack/decoder.ts";
import { fieldBlock } from "../../../../src/wire/http3/field-block.ts";
import { block } from "../../../support/http/raw-http2.ts";
import type { Header } from "../http2/hpack/header-list.ts";
import { fieldsInWords } from "../http2/session-scene.ts";

function hpackDecoded(fields: readonly Header[]): DecodedBlock {
  const bytes = block(fields);
  const limits = { maxHeaderListBytes: 65_536, maxFields: 100 };
  return new HpackDecoder(4096, limits).decode(bytes, 0, bytes.length);
}

const METHOD: Header = [":method", "GET"];
const SCHEME: Header = [":scheme", "http"];
const AUTHORITY: Header = [":authority", "app.test"];
const PATH: Header = [":path", "/"];
const GET = [METHOD, SCHEME, AUTHORITY, PATH];

const CONNECTION_SPECIFIC: Header[] = [
  ["connection", "close"],
  ["connection", ""],
  ["connection", "trailers"],
  ["proxy-connection", "keep-alive"],
  ["keep-alive", "timeout=5"],
  ["transfer-encoding", "chunked"],
  ["upgrade", "websocket"],
  ["te", "gzip"],
  ["te", "trailers, gzip"],
  ["te", ""],
];

/** What no message may have, in whatever role or place. */
const FAULTS: Record<string, Header> = {
  "an upper-case name": ["X-A", "1"],
  "an empty name": ["", "1"],
  "a name with a blank": ["x a", "1"],
  "a name with a colon": ["x:a", "1"],
  "a name with a control character": ["x\x00a", "1"],
  "a value with CR": ["x-a", "1\r2"],
  "a value with LF": ["x-a", "1\n2"],
  "a value with NUL": ["x-a", "1\x002"],
  "a value that begins with a blank": ["x-a", " 1"],
  "a value that ends with a tab": ["x-a", "1\t"],
  "an unknown pseudo-header field": [":version", "2"],
};

describe.each<[string, (fields: readonly Header[]) => DecodedBlock]>([
  ["HTTP/2", hpackDecoded],
  ["HTTP/3", (fields) => fieldBlock([...fields])],
])("over %s", (_, decoded) => {
  const request = (...fields: Header[]) => requestHead(decoded(fields));
  const response = (...fields: Header[]) => responseHead(decoded(fields));
  const plain = (...fields: Header[]) => request(...GET, ...fields);
  const ok = (...fields: Header[]) => response([":status", "200"], ...fields);

  describe("a request", () => {
    test("has its four parts, and its authority as the Host field in front", () => {
      const head = request(...GET, ["accept", "*/*"], ["x-a", "1"]);
      expect(head).toMatchObject({
        method: "GET",
        scheme: "http",
        authority: "app.test",
        path: "/",
        status: 0,
        contentLength: -1,
      });
      expect(fieldsInWords(head.bytes, head.fields)).toEqual([
        "host=app.test",
        "accept=*/*",
        "x-a=1",
      ]);
    });

    test("may have the pseudo-header fields in any order", () => {
      const head = request(PATH, AUTHORITY, SCHEME, METHOD, ["x-a", "1"]);
      expect(fieldsInWords(head.bytes, head.fields)).toEqual(["host=app.test", "x-a=1"]);
    });

    test("may have the Host field instead of :authority, or neither", () => {
      const head = request(METHOD, SCHEME, PATH, ["x-a", "1"], ["host", "other.test:80"]);
      expect(head.authority).toBe("other.test:80");
      expect(fieldsInWords(head.bytes, head.fields)).toEqual(["x-a=1", "host=other.test:80"]);
      expect(request(METHOD, SCHEME, PATH).authority).toBe("");
    });

    test("may say the same in :authority and Host: one field of it", () => {
      const head = plain(["x-a", "1"], ["host", "app.test"]);
      expect(fieldsInWords(head.bytes, head.fields)).toEqual(["host=app.test", "x-a=1"]);
    });

    test.each<Header[][]>([
      [[...GET, ["host", "other.test"]]],
      [[...GET, ["host", "APP.test"]]],
      [[METHOD, SCHEME, PATH, ["host", "a"], ["host", "b"]]],
      [[METHOD, SCHEME, [":authority", ""], PATH, ["host", "a"], ["host", "b"]]],
    ])("must not say two things of its authority: %p", (fields) => {
      expect(() => request(...fields)).toThrow(MalformedError);
    });

    test("may have an empty :authority or Host, which names nothing", () => {
      const empty: Header = [":authority", ""];
      const none = request(METHOD, SCHEME, empty, PATH, ["host", ""]);
      expect([none.authority, fieldsInWords(none.bytes, none.fields)]).toEqual(["", []]);
      const host = request(METHOD, SCHEME, empty, PATH, ["host", "other.test"]);
      expect(host.authority).toBe("other.test");
      expect(fieldsInWords(host.bytes, host.fields)).toEqual(["host=other.test"]);
      const authority = plain(["host", ""]);
      expect(authority.authority).toBe("app.test");
      expect(fieldsInWords(authority.bytes, authority.fields)).toEqual(["host=app.test"]);
    });

    test.each(["user@app.test", "a b", "a/b", "app.test:80x", "app.test:65536", "[::1", "a,b"])(
      "with the authority %p is malformed",
      (authority) => {
        expect(() => request(METHOD, SCHEME, [":authority", authority], PATH)).toThrow(
          MalformedError,
        );
        expect(() => request(METHOD, SCHEME, PATH, ["host", authority])).toThrow(MalformedError);
      },
    );

    test.each(["app.test:8080", "[::1]", "[2001:db8::1]:443", "127.0.0.1:80", "a_b~c"])(
      "may have the authority %p",
      (authority) => {
        expect(request(METHOD, SCHEME, [":authority", authority], PATH).authority).toBe(authority);
      },
    );

    test.each([":method", ":scheme", ":path"])("without %s is malformed", (name) => {
      expect(() => request(...GET.filter((field) => field[0] !== name))).toThrow(MalformedError);
    });

    test.each([METHOD, SCHEME, AUTHORITY, PATH])("with %s twice is malformed", (name, value) => {
      expect(() => request(...GET, [name, value])).toThrow(MalformedError);
    });

    test("with a pseudo-header field behind a regular one is malformed", () => {
      expect(() => request(METHOD, SCHEME, AUTHORITY, ["x-a", "1"], PATH)).toThrow(MalformedError);
    });

    test("with :status, or :protocol, is malformed", () => {
      expect(() => request(...GET, [":status", "200"])).toThrow(MalformedError);
      expect(() => request(...GET, [":protocol", "websocket"])).toThrow(MalformedError);
    });

    test.each(["", "GE T", "GET\x7f", "GÉT", "GET/"])(
      "with the method %p is malformed",
      (method) => {
        expect(() => request([":method", method], SCHEME, AUTHORITY, PATH)).toThrow(MalformedError);
      },
    );

    test.each(["", "ftp", "HTTP", "http:"])("with the scheme %p is malformed", (scheme) => {
      expect(() => request(METHOD, [":scheme", scheme], AUTHORITY, PATH)).toThrow(MalformedError);
    });

    test.each(["", "a", "http://app.test/", "?a", "*", "/a b", "/a\tb", "/a\x7f", "/a#b"])(
      "with the path %p is malformed",
      (path) => {
        expect(() => request(METHOD, SCHEME, AUTHORITY, [":path", path])).toThrow(MalformedError);
      },
    );

    test.each(["/", "//", "/a?b=c", "/a%20b", "/a/../b", "/*"])("may have the path %p", (path) => {
      expect(request(METHOD, SCHEME, AUTHORITY, [":path", path]).path).toBe(path);
    });

    test("has a path of other text than ASCII percent-encoded, the query too", () => {
      const path = "/caf\xc3\xa9?q=\xff%20";
      expect(request(METHOD, SCHEME, AUTHORITY, [":path", path]).path).toBe("/caf%C3%A9?q=%FF%20");
    });

    test("may ask for * with OPTIONS alone", () => {
      const options: Header = [":method", "OPTIONS"];
      expect(request(options, SCHEME, AUTHORITY, [":path", "*"]).path).toBe("*");
      expect(() => request(options, SCHEME, AUTHORITY, [":path", "**"])).toThrow(MalformedError);
    });

    describe("CONNECT", () => {
      const connect: Header = [":method", "CONNECT"];
      const target: Header = [":authority", "far.test:443"];

      test("has :authority alone", () => {
        expect(request(connect, target)).toMatchObject({
          method: "CONNECT",
          scheme: "",
          authority: "far.test:443",
          path: "",
        });
      });

      test.each<Header[][]>([
        [[connect]],
        [[connect, [":authority", ""]]],
        [[connect, ["host", "far.test:443"]]],
        [[connect, SCHEME, target]],
        [[connect, target, PATH]],
        [[connect, SCHEME, target, PATH]],
        [[connect, SCHEME, target, PATH, [":protocol", "websocket"]]],
      ])("is malformed as %p", (fields) => {
        expect(() => request(...fields)).toThrow(MalformedError);
      });
    });

    test.each(CONNECTION_SPECIFIC)("with %s: %s is malformed", (name, value) => {
      expect(() => plain([name, value])).toThrow(MalformedError);
    });

    test.each(["trailers", "Trailers", "TRAILERS"])("may have TE: %s", (value) => {
      expect(plain(["te", value]).fields.length).toBeGreaterThan(0);
    });

    test.each(Object.entries(FAULTS))("with %s is malformed", (_, field) => {
      expect(() => plain(field)).toThrow(MalformedError);
    });

    test("says in its errors what is wrong", () => {
      expect(() => request(SCHEME, PATH)).toThrow("A request without :method");
      expect(() => plain(["X", "1"])).toThrow("A field name with the octet 0x58");
    });
  });

  describe("Content-Length", () => {
    test.each([
      ["0", 0],
      ["5", 5],
      ["0005", 5],
      ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ] as const)("%s", (text, length) => {
      expect(plain(["content-length", text]).contentLength).toBe(length);
      expect(ok(["content-length", text]).contentLength).toBe(length);
    });

    test.each(["", "-1", "+1", "1,1", "1, 1", "0x10", "1.0", "9007199254740992", "9".repeat(40)])(
      "%p makes a message malformed",
      (text) => {
        expect(() => plain(["content-length", text])).toThrow(MalformedError);
        expect(() => ok(["content-length", text])).toThrow(MalformedError);
      },
    );

    test("twice makes a message malformed, even the same", () => {
      for (const length of ["0", "5"]) {
        const field: Header = ["content-length", length];
        expect(() => plain(field, field)).toThrow(MalformedError);
        expect(() => ok(field, field)).toThrow(MalformedError);
      }
    });
  });

  describe("a response", () => {
    test("has its status and its fields", () => {
      const head = ok(["server", "x"], ["content-length", "3"], ["set-cookie", "a"]);
      expect(head).toMatchObject({
        method: "",
        scheme: "",
        authority: "",
        path: "",
        status: 200,
        contentLength: 3,
      });
      expect(fieldsInWords(head.bytes, head.fields)).toEqual([
        "server=x",
        "content-length=3",
        "set-cookie=a",
      ]);
    });

    test.each(["100", "103", "200", "204", "304", "404", "599", "600", "999"])(
      "may have the status %s",
      (status) => {
        expect(response([":status", status]).status).toBe(Number(status));
      },
    );

    test.each(["", "0", "99", "099", "20", "2000", "2xx", "+200", "200 ", "20\n0", "101"])(
      "with the status %p is malformed",
      (status) => {
        expect(() => response([":status", status])).toThrow(MalformedError);
      },
    );

    test("without a status, with two, or with one behind a field is malformed", () => {
      expect(() => response(["server", "x"])).toThrow(MalformedError);
      expect(() => ok([":status", "200"])).toThrow(MalformedError);
      expect(() => response(["server", "x"], [":status", "200"])).toThrow(MalformedError);
    });

    test.each([...GET, [":protocol", "websocket"] as Header])(
      "with a request's %s is malformed",
      (name, value) => {
        expect(() => response([":status", "200"], [name, value])).toThrow(MalformedError);
      },
    );

    test.each(CONNECTION_SPECIFIC)("with %s: %s is malformed", (name, value) => {
      expect(() => ok([name, value])).toThrow(MalformedError);
    });

    test.each(Object.entries(FAULTS))("with %s is malformed", (_, field) => {
      expect(() => ok(field)).toThrow(MalformedError);
    });

    test("may have a Host field, which says nothing", () => {
      const head = ok(["host", "a b"]);
      expect(fieldsInWords(head.bytes, head.fields)).toEqual(["host=a b"]);
    });
  });

  describe("trailers", () => {
    const trailers = (...fields: Header[]) => {
      const block = decoded(fields);
      return fieldsInWords(block.bytes, trailerFields(block));
    };

    test("are their fields", () => {
      expect(trailers(["grpc-status", "0"], ["grpc-message", ""])).toEqual([
        "grpc-status=0",
        "grpc-message=",
      ]);
    });

    test("come without what may not stand there", () => {
      expect(
        trailers(
          ["content-length", "5"],
          ["x-a", "1"],
          ["connection", "close"],
          ["transfer-encoding", "chunked"],
          ["host", "app.test"],
          ["authorization", "Basic x"],
          ["x-forwarded-for", "192.0.2.1"],
          ["x-b", "2"],
          ["te", "gzip"],
        ),
      ).toEqual(["x-a=1", "x-b=2"]);
    });

    test.each([...GET, [":status", "200"] as Header, [":protocol", "x"] as Header])(
      "with %s are malformed",
      (name, value) => {
        expect(() => trailers([name, value])).toThrow(MalformedError);
      },
    );

    test.each(Object.entries(FAULTS))("with %s are malformed", (_, field) => {
      expect(() => trailers(field)).toThrow(MalformedError);
    });
  });
});
