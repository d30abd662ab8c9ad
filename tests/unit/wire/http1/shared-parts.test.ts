import { expect, test } from "bun:test";
import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { DEFAULT_LIMITS, type MessageSink } from "../../../../src/wire/http1/message.ts";
import { RequestParser } from "../../../../src/wire/http1/request-parser.ts";
import { ResponseParser } from "../../../../src/wire/http1/response-parser.ts";

/** Notes what a parser finds; `behindHead` runs while the sink has the head. */
class Notes<Head extends { contentLength: number }> implements MessageSink<Head> {
  readonly seen: unknown[] = [];
  private readonly behindHead: () => void;

  constructor(behindHead = () => {}) {
    this.behindHead = behindHead;
  }

  messageHead(head: Head): void {
    this.seen.push(head.contentLength);
    this.behindHead();
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    this.seen.push(latin1(bytes, start, end));
  }

  messageEnd(): void {
    this.seen.push("end");
  }
}

const request = (length: number, body: string) =>
  latin1Bytes(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`);

function parse(parser: RequestParser, bytes: Uint8Array): number {
  return parser.parse(bytes, 0, bytes.length);
}

test("a request that is parsed while another one's head is handed over changes nothing of it", () => {
  const inner = new Notes();
  const outer = new Notes(() => {
    parse(new RequestParser(DEFAULT_LIMITS, inner), request(2, "ab"));
  });
  const parser = new RequestParser(DEFAULT_LIMITS, outer);
  parse(parser, request(7, "0123"));
  parse(parser, latin1Bytes("456GET"));
  expect(inner.seen).toEqual([2, "ab", "end"]);
  expect(outer.seen).toEqual([7, "0123", "456", "end"]);
});

test("heads in pieces on several connections in turn, between whole ones", () => {
  const whole = request(3, "xyz");
  const parsers = Array.from({ length: 5 }, (_, i) => {
    const notes = new Notes();
    const bytes = request(i + 4, "0123456789".slice(0, i + 4));
    return { notes, bytes, parser: new RequestParser(DEFAULT_LIMITS, notes) };
  });
  for (let at = 0; at < whole.length + 10; at += 3) {
    for (const { parser, bytes } of parsers) {
      if (at < bytes.length)
        parser.parse(bytes.slice(at, at + 3), 0, Math.min(3, bytes.length - at));
    }
    const notes = new Notes();
    parse(new RequestParser(DEFAULT_LIMITS, notes), whole);
    expect(notes.seen).toEqual([3, "xyz", "end"]);
  }
  for (const [i, { notes }] of parsers.entries()) {
    const [length, ...pieces] = notes.seen;
    expect(length).toBe(i + 4);
    expect(pieces.join("")).toBe(`${"0123456789".slice(0, i + 4)}end`);
  }
});

test("interim heads share one budget, whole or in pieces", () => {
  const limits = { ...DEFAULT_LIMITS, maxHeadBytes: 100 };
  const interim = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
  for (const size of [1000, 5]) {
    const parser = new ResponseParser(limits, new Notes());
    parser.begin("GET");
    const bytes = latin1Bytes(interim.repeat(3));
    expect(() => {
      for (let at = 0; at < bytes.length; at += size) {
        const piece = bytes.slice(at, at + size);
        parser.parse(piece, 0, piece.length);
      }
    }).toThrow("A field section above");
  }
});
