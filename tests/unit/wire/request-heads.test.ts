import { expect, test } from "bun:test";
import type { Connection } from "../../../src/net/connection.ts";
import { ConnectionWriter } from "../../../src/net/connection-writer.ts";
import { BodyLength } from "../../../src/wire/body-length.ts";
import { FIELD_NAMES, FieldId } from "../../../src/wire/field-names.ts";
import {
  NOT_FROM_UPSTREAM,
  NOT_IN_TRAILERS,
  NOT_TO_UPSTREAM,
} from "../../../src/wire/field-sets.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";
import { writeRequestHead } from "../../../src/wire/http1/request-head.ts";
import type { HeaderBlock } from "../../../src/wire/http2/message.ts";
import { encodeRequestHead } from "../../../src/wire/http2/request-head.ts";
import type { OutgoingRequest } from "../../../src/wire/outgoing-request.ts";

function outgoing(changes: Partial<OutgoingRequest>): OutgoingRequest {
  return {
    method: "GET",
    path: "/a?b",
    authority: "app.test",
    headerList: HeaderList.from([["Accept", "*/*"]]),
    forwardedFor: "",
    upgrade: "",
    bodyLength: BodyLength.unsaid,
    expectsContinue: false,
    ...changes,
  };
}

/** The lines that HTTP/1.1 gets. */
function http1Lines(request: OutgoingRequest): string[] {
  let sent = "";
  const connection = {
    closed: false,
    write(bytes: Uint8Array, start: number, end: number) {
      sent += new TextDecoder("latin1").decode(bytes.subarray(start, end));
      return end - start;
    },
  } as Partial<Connection> as Connection;
  const writer = new ConnectionWriter(connection, { drained() {} });
  writeRequestHead(writer, request);
  writer.flush();
  expect(sent).toEndWith("\r\n\r\n");
  return sent.slice(0, -4).split("\r\n");
}

/** The fields that HTTP/2 gets, pseudo-header fields first, in one line. */
function http2Lines(request: OutgoingRequest): string[] {
  const lines: string[] = [];
  const block: HeaderBlock = {
    status() {},
    request: (method, scheme, authority, path) =>
      void lines.push(`${method} ${scheme} ${authority} ${path}`),
    field: () => {},
    text: (_id, name, value) => void lines.push(`${name.toLowerCase()}: ${value}`),
  };
  encodeRequestHead(block, request, "http");
  return lines;
}

test.each([
  ["GET without a body", {}, []],
  ["POST without a body", { method: "POST" }, ["content-length: 0"]],
  ["a body of 5 bytes", { method: "POST", bodyLength: 5 }, ["content-length: 5"]],
  ["a body of no bytes", { bodyLength: 0 }, ["content-length: 0"]],
  [
    "Expect",
    { bodyLength: 5, expectsContinue: true },
    ["content-length: 5", "expect: 100-continue"],
  ],
  ["a peer", { forwardedFor: "10.0.0.1" }, ["x-forwarded-for: 10.0.0.1"]],
  ["TE", { headerList: HeaderList.from([["TE", "gzip, Trailers"]]) }, ["te: trailers"]],
] as [string, Partial<OutgoingRequest>, string[]][])(
  "heads of both versions say the same of %s",
  (_name, changes, expected) => {
    const request = outgoing(changes);
    const [line, host, ...fields] = http1Lines(request);
    const [pseudo, ...http2Fields] = http2Lines(request);
    const own = (lines: string[]) =>
      lines
        .map((text) => text.replace(/^[^:]+/, (name) => name.toLowerCase()))
        .filter((text) => !text.startsWith("accept"));
    expect([line, host]).toEqual([`${request.method} /a?b HTTP/1.1`, "Host: app.test"]);
    expect(pseudo).toBe(`${request.method} http app.test /a?b`);
    expect(own(fields).sort()).toEqual(expected);
    expect(own(http2Fields).sort()).toEqual(expected);
  },
);

test("a body of open length is chunked over HTTP/1.1 and unsaid over HTTP/2", () => {
  const request = outgoing({ method: "POST", bodyLength: BodyLength.open });
  expect(http1Lines(request)).toContain("Transfer-Encoding: chunked");
  expect(http2Lines(request).filter((line) => /length|encoding/.test(line))).toEqual([]);
});

test("hop-by-hop fields pass in no direction and in no trailer section", () => {
  const names = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "TE",
    "Transfer-Encoding",
    "Upgrade",
  ];
  for (const set of [NOT_TO_UPSTREAM, NOT_FROM_UPSTREAM, NOT_IN_TRAILERS]) {
    const members = names.filter((name) => set[FIELD_NAMES.indexOf(name)] === 1);
    expect(members).toEqual(names);
  }
  expect(NOT_FROM_UPSTREAM[FieldId.contentLength]).toBe(0);
});
