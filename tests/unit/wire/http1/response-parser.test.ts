import { describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../../src/core/bytes.ts";
import { ProxyError, statusOf } from "../../../../src/core/errors.ts";
import { DEFAULT_LIMITS, type Http1Limits } from "../../../../src/wire/http1/message.ts";
import { ResponseParser } from "../../../../src/wire/http1/response-parser.ts";
import { INVALID_RESPONSES, VALID_RESPONSES } from "./fixtures/responses.ts";
import { everyByte, type Outcome, parseResponses, Recorder, split } from "./recorder.ts";

/** Parses the input whole, in two pieces at every offset, and byte by byte: all must be the same. */
function parseEveryWay(
  input: string,
  methods?: string[],
  eof?: boolean,
  limits?: Http1Limits,
): Outcome {
  const whole = parseResponses(split(input, []), methods, eof, limits);
  for (let offset = 1; offset < input.length; offset++) {
    expect(parseResponses(split(input, [offset]), methods, eof, limits)).toEqual(whole);
  }
  const bytes = split(input, everyByte(input.length));
  expect(parseResponses(bytes, methods, eof, limits)).toEqual(whole);
  return whole;
}

describe("valid responses", () => {
  for (const { name, methods, input, eof, messages, surplus = 0 } of VALID_RESPONSES) {
    test(name, () => {
      expect(parseEveryWay(input, methods, eof)).toEqual({
        messages,
        error: null,
        taken: input.length - surplus,
      });
    });
  }
});

describe("invalid responses", () => {
  for (const { name, input, code, found } of INVALID_RESPONSES) {
    test(name, () => {
      const { messages, error } = parseEveryWay(input);
      expect(error).toStartWith(`${code}: `);
      if (found !== undefined) expect(error).toMatch(found);
      expect(messages.every((message) => !message.complete)).toBe(true);
    });
  }
});

describe("limits", () => {
  const limits: Http1Limits = { ...DEFAULT_LIMITS, maxStartLineBytes: 30, maxHeadBytes: 60 };

  test("of the start line and the head are protocol errors", () => {
    for (const input of [
      `HTTP/1.1 200 ${"O".repeat(30)}\r\n\r\n`,
      `HTTP/1.1 200 OK\r\nA: ${"b".repeat(60)}\r\n\r\n`,
    ]) {
      expect(parseEveryWay(input, ["GET"], false, limits).error).toStartWith("upstream-protocol: ");
    }
  });

  test("interim responses share the head's: a flood of them ends", () => {
    const interim = "HTTP/1.1 102 Processing\r\n\r\n";
    const final = "HTTP/1.1 204 A\r\n\r\n";
    expect(parseEveryWay(interim + final, ["GET"], false, limits).error).toBeNull();
    const flood = parseEveryWay(interim.repeat(2) + final, ["GET"], false, limits);
    expect(flood.error).toStartWith("upstream-protocol: ");
    const patient = { ...limits, maxHeadBytes: 2 * interim.length + final.length };
    expect(parseEveryWay(interim.repeat(2) + final, ["GET"], false, patient).error).toBeNull();
  });

  test("begin() gives each response the whole of it", () => {
    const input = "HTTP/1.1 204 A\r\n\r\n".repeat(20);
    const methods = Array.from({ length: 20 }, () => "GET");
    expect(parseResponses(split(input, []), methods, false, limits).error).toBeNull();
  });
});

describe("the end of the connection", () => {
  const cases: [where: string, input: string, message: RegExp][] = [
    ["before a response", "", /before a response/],
    ["in a head", "HTTP/1.1 200 OK\r\nA: b\r\n", /in the head of a response/],
    ["behind an interim response", "HTTP/1.1 100 Continue\r\n\r\n", /before a response/],
    ["in a Content-Length body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", /in the body/],
    [
      "in a chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell",
      /in the body of a response/,
    ],
    [
      "in front of the last chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
      /in the body/,
    ],
    [
      "in the trailer section",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n",
      /in the body/,
    ],
  ];
  for (const [where, input, message] of cases) {
    test(`${where} is upstream-closed`, () => {
      const { error, messages } = parseEveryWay(input, ["GET"], true);
      expect(error).toStartWith("upstream-closed: ");
      expect(error).toMatch(message);
      expect(messages.every((recorded) => !recorded.complete)).toBe(true);
    });
  }

  test("behind a response is nothing", () => {
    const input = "HTTP/1.1 204 No Content\r\n\r\n";
    expect(parseEveryWay(input, ["GET"], true).error).toBeNull();
  });

  test("after an error throws that error: a broken body never ends cleanly", () => {
    const recorder = new Recorder();
    const failure = new Error("sink");
    const parser = new ResponseParser(DEFAULT_LIMITS, {
      messageHead: (head) => recorder.messageHead(head),
      messageBody() {
        throw failure;
      },
      messageEnd: (trailers, bytes) => recorder.messageEnd(trailers, bytes),
    });
    const bytes = latin1Bytes("HTTP/1.1 200 OK\r\n\r\nx");
    parser.begin("GET");
    expect(() => parser.parse(bytes, 0, bytes.length)).toThrow(failure);
    expect(() => parser.eof()).toThrow(failure);
    expect(recorder.messages[0].complete).toBe(false);
  });
});

describe("the parser's states", () => {
  const response = latin1Bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");

  test("nothing is taken before begin(), nor behind a response", () => {
    const recorder = new Recorder();
    const parser = new ResponseParser(DEFAULT_LIMITS, recorder);
    expect(parser.parse(response, 0, response.length)).toBe(0);
    parser.begin("GET");
    expect(parser.idle).toBe(true);
    expect(parser.parse(response, 0, response.length)).toBe(response.length);
    expect(parser.parse(response, 0, response.length)).toBe(0);
    expect(parser.idle).toBe(false);
    expect(recorder.messages.length).toBe(1);
  });

  test("begin() in the middle of a response throws", () => {
    const parser = new ResponseParser(DEFAULT_LIMITS, new Recorder());
    parser.begin("GET");
    parser.parse(response, 0, response.length - 1);
    expect(() => parser.begin("GET")).toThrow("still being parsed");
  });

  test("errors are the upstream's, a 502", () => {
    const parser = new ResponseParser(DEFAULT_LIMITS, new Recorder());
    parser.begin("GET");
    let thrown: unknown;
    try {
      parser.parse(latin1Bytes("SMTP"), 0, 4);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ProxyError);
    expect(thrown).toMatchObject({ source: "upstream", code: "upstream-protocol" });
    expect(statusOf(thrown)).toBe(502);
  });
});
