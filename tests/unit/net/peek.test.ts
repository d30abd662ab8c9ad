import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { latin1Bytes } from "../../../src/core/bytes.ts";
import {
  classify,
  isForeignRequest,
  mayBecomeProxyHeader,
  type Protocol,
} from "../../../src/net/peek.ts";

/** What each begins with, and after how many bytes it is known. */
const BEGINNINGS: [bytes: string, protocol: Protocol, known: number][] = [
  ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http1", 4],
  ["POST /x HTTP/1.1\r\n", "http1", 5],
  ["M-SEARCH * HTTP/1.1\r\n", "http1", 9],
  ["\r\nGET / HTTP/1.1\r\n", "http1", 6],
  ["\r\n\r\nGET / HTTP/1.1\r\n", "http1", 8],
  ["PUT /x HTTP/1.1\r\n", "http1", 4],
  ["PRI /x HTTP/1.1\r\n", "http1", 5],
  ["PROPFIND / HTTP/1.1\r\n", "http1", 9],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2-preface", 24],
  ["PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n", "http1", 20],
  ["PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", "proxy-protocol-v1", 6],
  ["\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", "proxy-protocol-v2", 12],
  ["\x16\x03\x01\x02\0\x01", "tls", 2],
  ["\x16\x03\x03\0\xff", "tls", 2],
  ["\x16\x04\x03\0\xff", "unknown", 2],
  ["\0\0\0\x08\x04\xd2\x16\x2f", "postgres-starttls", 8],
  ["\0\0\0\x08\x04\xd2\x16\x30", "unknown", 8],
  ["\0\0\0\x09", "unknown", 4],
  ["\x80\x2e\x01\x03\x01", "unknown", 1],
  [" GET / HTTP/1.1", "unknown", 1],
  ["GET\t/ HTTP/1.1", "unknown", 4],
  ["SSH-2.0-OpenSSH\r\n", "unknown", 16],
  ["A".repeat(100), "unknown", 64],
  ["\r\n".repeat(50), "unknown", 64],
];

describe("classify", () => {
  for (const [text, protocol, known] of BEGINNINGS) {
    test(`${JSON.stringify(text.slice(0, 30))} is ${protocol} after ${known} bytes`, () => {
      const bytes = latin1Bytes(text);
      for (let length = 0; length <= bytes.length; length++) {
        expect([length, classify(bytes, length)]).toEqual([
          length,
          length < known ? "more" : protocol,
        ]);
      }
    });
  }

  test("never changes its mind, and asks for more of 63 bytes at most", () => {
    const beginning = fc.constantFrom(...BEGINNINGS.map(([text]) => latin1Bytes(text)));
    const mutated = fc
      .tuple(
        beginning,
        fc.nat(30),
        fc.uint8Array({ maxLength: 4 }),
        fc.uint8Array({ maxLength: 80 }),
      )
      .map(([bytes, cut, middle, rest]) =>
        Uint8Array.of(...bytes.subarray(0, cut), ...middle, ...rest),
      );
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        let decided: Protocol = "more";
        for (let length = 0; length <= bytes.length; length++) {
          const now = classify(bytes, length);
          if (decided !== "more") expect(now).toBe(decided);
          if (length >= 64) expect(now).not.toBe("more");
          decided = now;
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("reads nothing behind the given length", () => {
    expect(classify(latin1Bytes("GET / HTTP/1.1"), 2)).toBe("more");
  });
});

describe("isForeignRequest", () => {
  const foreign = (text: string) => isForeignRequest(new TextEncoder().encode(text));

  test("a first line whose third word is no version of HTTP", () => {
    expect(foreign("INVALID CONNECTION PREFACE\r\n\r\n")).toBe(true);
    expect(foreign("OPTIONS * RTSP/1.0\r\n")).toBe(true);
    expect(foreign("INVITE sip:a@b SIP/2.0\r\n")).toBe(true);
  });

  test("not HTTP of whatever version, and nothing that isn't there as a whole", () => {
    expect(foreign("GET / HTTP/1.1\r\n")).toBe(false);
    expect(foreign("GET / HTTP/3.1\r\n")).toBe(false);
    expect(foreign("GET /\r\nHost: a b c\r\n")).toBe(false);
    expect(foreign("INVALID CONNECTION PREF")).toBe(false);
    expect(foreign("GET")).toBe(false);
  });
});

test("only the beginning of a signature may become a PROXY protocol header", () => {
  const may = (text: string) => mayBecomeProxyHeader(latin1Bytes(text), text.length);
  for (const text of ["P", "PROXY", "\r", "\r\n\r\n\0\r\nQUIT"]) expect(may(text)).toBe(true);
  for (const text of ["PR ", "PING", "G", "\n", "\r\n\r\nG", "\x16"]) expect(may(text)).toBe(false);
});
