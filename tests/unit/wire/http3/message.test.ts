import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Http3Fields } from "../../../../src/net/http3.ts";
import { MalformedError } from "../../../../src/wire/field-block/message-head.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { isTooLarge, sectionSize } from "../../../../src/wire/http3/field-block.ts";
import {
  announcesBody,
  http3RequestHead,
  http3RequestTrailers,
  http3ResponseHead,
  http3ResponseTrailers,
} from "../../../../src/wire/http3/message.ts";

// What heads and trailers have in common with HTTP/2's is tested with them, in field-block.

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

function entriesOf(lines: Http3Fields): [string, string][] {
  const { bytes, fields } = http3RequestHead(lines);
  return [...new HeaderList(bytes, fields).entries()];
}

describe("a request's head", () => {
  test("becomes method, authority, path and the fields behind Host", () => {
    const lines = head({}, ["x-a", "1"], ["x-a", "2"], ["te", "trailers"]);
    const { method, authority, path, contentLength } = http3RequestHead(lines);
    expect([method, authority, path, contentLength]).toEqual(["GET", "app.test", "/a?b=1", -1]);
    expect(entriesOf(lines)).toEqual([
      ["host", "app.test"],
      ["x-a", "1"],
      ["x-a", "2"],
      ["te", "trailers"],
    ]);
  });

  test("names an authority, which HTTP/2 can do without", () => {
    for (const authority of [null, ""]) {
      expect(() => http3RequestHead(head({ ":authority": authority }))).toThrow(MalformedError);
    }
    expect(http3RequestHead(head({ ":authority": null }, ["host", "a"])).authority).toBe("a");
  });

  test("with text that is no octets is malformed", () => {
    for (const line of [
      ["x-a", "\u0100"],
      ["x-\u0142", "1"],
      [":path", "/\u0142"],
    ] as const) {
      expect(() => http3RequestHead(head({ ":path": null }, line))).toThrow(MalformedError);
    }
  });

  test("announces a body by its length, or by its method", () => {
    const announces = (method: string, ...more: Http3Fields) =>
      announcesBody(http3RequestHead(head({ ":method": method }, ...more)));
    expect([announces("POST"), announces("GET"), announces("DELETE")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(announces("GET", ["content-length", "1"])).toBe(true);
    expect(announces("POST", ["content-length", "0"])).toBe(false);
  });

  test("lets nothing pass that could end a line, whatever its fields are", () => {
    const name = fc.oneof(fc.constantFrom(...Object.keys(PSEUDO), "host", "cookie"), fc.string());
    const value = fc.oneof(fc.constantFrom("/", "app.test", "GET", "https"), fc.string());
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (more) => {
        const lines = head({}, ...more);
        try {
          http3RequestHead(lines);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
          return;
        }
        const { method, path, authority } = http3RequestHead(lines);
        const entries = entriesOf(lines);
        expect(entries[0]).toEqual(["host", authority]);
        expect(entries.filter(([other]) => other === "host").length).toBe(1);
        for (const text of [method, path, authority, ...entries.flat()]) {
          expect(text).not.toMatch(/[\r\n\0]/);
        }
        for (const [other] of entries) expect(other).toMatch(/^[^:\sA-Z]+$/);
      }),
    );
  });
});

test("a section's size is its names and values and 32 for each field", () => {
  expect(sectionSize([])).toBe(0);
  const lines: Http3Fields = [
    [":method", "GET"],
    ["x", ""],
  ];
  expect(sectionSize(lines)).toBe(7 + 3 + 32 + 1 + 32);
  expect(isTooLarge(lines, 75)).toBe(false);
  expect(isTooLarge(lines, 74)).toBe(true);
});

test("a request's trailers keep what may stand there, and no more than the limits", () => {
  const lines: Http3Fields = [
    ["x-sum", "1"],
    ["x-sum", "\xe9"],
    ["host", "other.test"],
    ["authorization", "x"],
  ];
  expect([...http3RequestTrailers(lines, 1000).entries()]).toEqual(
    lines.slice(0, 2) as [string, string][],
  );
  expect(() => http3RequestTrailers(lines, 100)).toThrow(MalformedError);
});

test("a response's head has names in lower case, without the connection's fields and the length", () => {
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
  list.delete("x-none");
  expect(http3ResponseHead(200, list)).toEqual([
    [":status", "200"],
    ["content-type", "text/plain"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  expect(http3ResponseHead(100, null)).toEqual([[":status", "100"]]);
});

test("a response's trailers have no framing and no routing", () => {
  const trailers = HeaderList.from([
    ["Grpc-Status", "0"],
    ["Content-Length", "1"],
    ["Content-Type", "a/b"],
  ]);
  expect(http3ResponseTrailers(trailers)).toEqual([["grpc-status", "0"]]);
});
