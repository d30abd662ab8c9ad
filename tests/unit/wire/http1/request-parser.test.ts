import { describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../../src/core/bytes.ts";
import { ProxyError, statusOf } from "../../../../src/core/errors.ts";
import { DEFAULT_LIMITS, type Http1Limits } from "../../../../src/wire/http1/message.ts";
import { RequestParser } from "../../../../src/wire/http1/request-parser.ts";
import {
  INVALID_HOSTS,
  INVALID_REQUESTS,
  type InvalidFixture,
} from "./fixtures/invalid-requests.ts";
import { SMUGGLING } from "./fixtures/smuggling.ts";
import { VALID_HOSTS, VALID_REQUESTS } from "./fixtures/valid-requests.ts";
import { everyByte, type Outcome, parseRequests, Recorder, split } from "./recorder.ts";

/** Parses the input whole, in two pieces at every offset, and byte by byte: all must be the same. */
function parseEveryWay(input: string, limits?: Http1Limits): Outcome {
  const whole = parseRequests(split(input, []), limits);
  for (let offset = 1; offset < input.length; offset++) {
    expect(parseRequests(split(input, [offset]), limits)).toEqual(whole);
  }
  expect(parseRequests(split(input, everyByte(input.length)), limits)).toEqual(whole);
  return whole;
}

function expectRefused({ input, code, found }: InvalidFixture): void {
  const { messages, error } = parseEveryWay(input);
  expect(error).toStartWith(`${code}: `);
  if (found !== undefined) expect(error).toMatch(found);
  expect(messages.every((message) => !message.complete)).toBe(true);
}

describe("valid requests", () => {
  for (const { name, input, messages } of VALID_REQUESTS) {
    test(name, () => {
      expect(parseEveryWay(input)).toEqual({ messages, error: null, taken: input.length });
    });
  }
  for (const host of VALID_HOSTS) {
    test(`Host: ${host}`, () => {
      const input = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\nGET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      const { messages, error } = parseRequests(split(input, []));
      expect(error).toBeNull();
      expect(messages.map((message) => message.fields)).toEqual([
        [["Host", host]],
        [["Host", host]],
      ]);
    });
  }
});

describe("invalid requests", () => {
  for (const fixture of INVALID_REQUESTS) test(fixture.name, () => expectRefused(fixture));
  for (const host of INVALID_HOSTS) {
    test(`Host: ${host}`, () => {
      const code = "bad-request";
      expectRefused({
        name: host,
        input: `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
        code,
        found: /Host is/,
      });
    });
  }
  test("a bad authority in absolute form", () => {
    for (const host of INVALID_HOSTS.filter((host) => !/[/?]/.test(host))) {
      const { error } = parseRequests(split(`GET http://${host}/ HTTP/1.1\r\nHost: a\r\n\r\n`, []));
      expect(error).toStartWith("bad-request: ");
    }
  });
});

describe("smuggling", () => {
  test("is tried in more than sixty ways", () => expect(SMUGGLING.length).toBeGreaterThan(60));
  for (const fixture of SMUGGLING) test(fixture.name, () => expectRefused(fixture));
});

describe("limits", () => {
  const limits: Http1Limits = {
    maxStartLineBytes: 24,
    maxHeadBytes: 64,
    maxFields: 3,
    maxChunkLineBytes: 12,
    maxChunkExtensionBytes: 20,
    maxTrailerBytes: 20,
  };
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

  const cases: [name: string, fits: string, exceeds: string, code: string][] = [
    [
      "the start line's, with its CRLF",
      "GET /23456789 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n",
      "uri-too-long",
    ],
    [
      "the head's, to the last LF",
      `GET / HTTP/1.1\r\nHost: a\r\nA: ${"b".repeat(32)}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nA: ${"b".repeat(33)}\r\n\r\n`,
      "header-too-large",
    ],
    [
      "the fields'",
      "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\n\r\n",
      "header-too-large",
    ],
    [
      "a chunk-size line's, with its CRLF",
      `${chunked}1;23456789\r\nx\r\n0\r\n\r\n`,
      `${chunked}1;234567890\r\nx\r\n0\r\n\r\n`,
      "bad-request",
    ],
    [
      "the trailer section's",
      `${chunked}0\r\nA: 2345678901234\r\n\r\n`,
      `${chunked}0\r\nA: 23456789012345\r\n\r\n`,
      "header-too-large",
    ],
    [
      "the trailer fields'",
      `${chunked}0\r\nA:\r\nB:\r\nC:\r\n\r\n`,
      `${chunked}0\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n`,
      "header-too-large",
    ],
    [
      "the chunk extensions' beyond the data",
      `${chunked}${"1;234567\r\nx\r\n".repeat(3)}0\r\n\r\n`,
      `${chunked}${"1;234567\r\nx\r\n".repeat(4)}0\r\n\r\n`,
      "bad-request",
    ],
  ];
  for (const [name, fits, exceeds, code] of cases) {
    test(name, () => {
      expect(parseEveryWay(fits, limits).error).toBeNull();
      expect(parseEveryWay(fits, limits).messages[0].complete).toBe(true);
      expect(parseEveryWay(exceeds, limits).error).toStartWith(`${code}: `);
    });
  }

  test("chunk extensions are paid for with data", () => {
    const chunk = `8;234567\r\n${"x".repeat(8)}\r\n`;
    expect(
      parseRequests(split(`${chunked}${chunk.repeat(100)}0\r\n\r\n`, []), limits).error,
    ).toBeNull();
  });

  test("a head that never ends is refused as soon as it has the limit", () => {
    const input = `GET / HTTP/1.1\r\nA: ${"b".repeat(44)}`;
    expect(parseRequests(split(input, []), limits).error).toBeNull();
    expect(parseRequests(split(`${input}b`, []), limits).error).toStartWith("header-too-large: ");
  });

  test("of the head, smaller than the start line's", () => {
    const small = { ...limits, maxHeadBytes: 10 };
    expect(parseEveryWay("GET / HTTP/1.1\r\nHost: a\r\n\r\n", small).error).toStartWith(
      "header-too-large: ",
    );
  });
});

describe("the parser's states", () => {
  const request = latin1Bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");

  test("idle, in a head, in a body, done", () => {
    const parser = new RequestParser(DEFAULT_LIMITS, new Recorder());
    const states: string[] = [];
    const note = () => states.push(`${parser.idle} ${parser.inHead}`);
    note();
    parser.parse(request, 0, 0);
    note();
    parser.parse(request, 0, 1);
    note();
    parser.parse(request, 1, request.length - 1);
    note();
    parser.parse(request, request.length - 1, request.length);
    note();
    parser.next();
    note();
    expect(states).toEqual([
      "true false",
      "true false",
      "false true",
      "false false",
      "false false",
      "true false",
    ]);
  });

  test("a complete message takes nothing more until next()", () => {
    const recorder = new Recorder();
    const parser = new RequestParser(DEFAULT_LIMITS, recorder);
    const two = new Uint8Array([...request, ...request]);
    expect(parser.parse(two, 0, two.length)).toBe(request.length);
    expect(parser.parse(two, request.length, two.length)).toBe(request.length);
    expect(recorder.messages.length).toBe(1);
    parser.next();
    expect(parser.parse(two, request.length, two.length)).toBe(two.length);
    expect(recorder.messages.length).toBe(2);
  });

  test("a sink that calls next() from its end still gets one message a call", () => {
    const recorder = new Recorder();
    const parser: RequestParser = new RequestParser(DEFAULT_LIMITS, {
      messageHead: (head) => recorder.messageHead(head),
      messageBody: (bytes, start, end) => recorder.messageBody(bytes, start, end),
      messageEnd(trailers, bytes) {
        recorder.messageEnd(trailers, bytes);
        parser.next();
      },
    });
    for (const text of [
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]) {
      const bytes = latin1Bytes(text + text);
      expect(parser.parse(bytes, 0, bytes.length)).toBe(text.length);
      expect(parser.parse(bytes, text.length, bytes.length)).toBe(bytes.length);
    }
    expect(recorder.messages.length).toBe(6);
  });

  test("next() in the middle of a message throws: its body must not be read as a request", () => {
    const parser = new RequestParser(DEFAULT_LIMITS, new Recorder());
    expect(() => parser.next()).toThrow(ProxyError);
    parser.parse(request, 0, request.length - 1);
    expect(() => parser.next()).toThrow("still being parsed");
    parser.parse(request, request.length - 1, request.length);
    parser.next();
  });

  test("after an error every call throws the same", () => {
    const parser = new RequestParser(DEFAULT_LIMITS, new Recorder());
    const thrown: unknown[] = [];
    for (const text of [
      "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ]) {
      try {
        parser.parse(latin1Bytes(text), 0, text.length);
      } catch (error) {
        thrown.push(error);
      }
    }
    expect(thrown.length).toBe(2);
    expect(thrown[1]).toBe(thrown[0]);
    expect(thrown[0]).toMatchObject({
      source: "downstream",
      code: "bad-request",
      retryable: false,
    });
    expect(statusOf(thrown[0])).toBe(400);
  });

  test("what a sink throws kills the parser too", () => {
    const failure = new Error("sink");
    const parser = new RequestParser(DEFAULT_LIMITS, {
      messageHead() {
        throw failure;
      },
      messageBody() {},
      messageEnd() {},
    });
    expect(() => parser.parse(request, 0, request.length)).toThrow(failure);
    expect(() => parser.parse(request, 0, request.length)).toThrow(failure);
  });
});

describe("copies", () => {
  const request = latin1Bytes("POST /path HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  const seen: Uint8Array[] = [];
  const parse = (pieces: Uint8Array[]) => {
    seen.length = 0;
    const parser = new RequestParser(DEFAULT_LIMITS, {
      messageHead: (head) => void seen.push(head.bytes),
      messageBody: (bytes) => void seen.push(bytes),
      messageEnd() {},
    });
    for (const piece of pieces) parser.parse(piece, 0, piece.length);
  };

  test("a head that is whole in its chunk stays there, and so do body pieces", () => {
    parse([request]);
    expect(seen).toEqual([request, request]);
    expect(seen.every((bytes) => bytes === request)).toBe(true);
  });

  test("heads in pieces have bytes of their own, which no later message touches", () => {
    const heads: { bytes: Uint8Array; copy: Uint8Array }[] = [];
    const parser = new RequestParser(DEFAULT_LIMITS, {
      messageHead: ({ bytes }) => void heads.push({ bytes, copy: bytes.slice() }),
      messageBody() {},
      messageEnd() {},
    });
    for (let i = 0; i < 5; i++) {
      const text = `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`;
      for (const piece of split(text, [7])) parser.parse(piece, 0, piece.length);
      parser.next();
    }
    expect(new Set(heads.map((head) => head.bytes)).size).toBe(5);
    for (const { bytes, copy } of heads) expect(bytes).toEqual(copy);
  });
});
