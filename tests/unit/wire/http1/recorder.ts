import { latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { type Fields, STRIDE } from "../../../../src/wire/fields.ts";
import {
  DEFAULT_LIMITS,
  Framing,
  type Http1Limits,
  type MessageSink,
  type RequestHead,
  type ResponseHead,
} from "../../../../src/wire/http1/message.ts";
import { RequestParser } from "../../../../src/wire/http1/request-parser.ts";
import { ResponseParser } from "../../../../src/wire/http1/response-parser.ts";

/** A message as a test sees it: everything the sink was told, in plain values. */
export interface Recorded {
  startLine: string;
  fields: [string, string][];
  framing: string;
  contentLength: number;
  flags: string[];
  body: string;
  trailers: [string, string][] | null;
  complete: boolean;
}

export interface Outcome {
  messages: Recorded[];
  /** `code: message` of what was thrown. */
  error: string | null;
  /** Bytes taken before the end or the point where the parser took no more; -1 where it threw. */
  taken: number;
}

const FRAMINGS = Object.keys(Framing);

export function fieldsOf(fields: Fields, bytes: Uint8Array): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += STRIDE) {
    pairs.push([
      latin1(bytes, fields[i + 1], fields[i + 2]),
      latin1(bytes, fields[i + 3], fields[i + 4]),
    ]);
  }
  return pairs;
}

/** Writes down what a parser says and checks the sink's contract on the way. */
export class Recorder implements MessageSink<RequestHead | ResponseHead> {
  readonly messages: Recorded[] = [];

  messageHead(head: RequestHead | ResponseHead): void {
    const isRequest = "method" in head;
    const flags: string[] = [];
    if (head.keepAlive) flags.push("keepAlive");
    if (head.upgrade) flags.push("upgrade");
    if (isRequest && head.expectContinue) flags.push("expectContinue");
    this.messages.push({
      startLine: isRequest
        ? `${head.method} ${head.target} HTTP/1.${head.minor}`
        : `HTTP/1.${head.minor} ${head.status} ${head.reason}`,
      fields: fieldsOf(head.fields, head.bytes),
      framing: FRAMINGS[head.framing],
      contentLength: head.contentLength,
      flags,
      body: "",
      trailers: null,
      complete: false,
    });
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    const message = this.messages[this.messages.length - 1];
    if (message === undefined || message.complete)
      throw new Error("A body piece without a message");
    if (start >= end || end > bytes.length) throw new Error(`An empty body piece ${start}-${end}`);
    message.body += latin1(bytes, start, end);
  }

  messageEnd(trailers: Fields | null, bytes: Uint8Array): void {
    const message = this.messages[this.messages.length - 1];
    if (message === undefined || message.complete) throw new Error("An end without a message");
    message.trailers = trailers === null ? null : fieldsOf(trailers, bytes);
    message.complete = true;
  }
}

/** Splits at the offsets, each piece an array of its own. */
export function split(input: string, offsets: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const end of [...offsets, input.length]) {
    pieces.push(latin1Bytes(input.slice(start, end)));
    start = end;
  }
  return pieces;
}

/** Feeds pieces as a driver does; the parser says how much it takes. */
function feed(
  parser: RequestParser | ResponseParser,
  pieces: readonly Uint8Array[],
  atBoundary: () => boolean,
): { taken: number; error: string | null } {
  let taken = 0;
  try {
    for (const piece of pieces) {
      // Away from offset 0, with bytes around that must never be looked at.
      const padded = new Uint8Array(piece.length + 10).fill(0x0a);
      padded.set(piece, 5);
      let at = 5;
      const end = 5 + piece.length;
      while (at < end) {
        const next = parser.parse(padded, at, end);
        taken += next - at;
        at = next;
        if (at < end && !atBoundary()) return { taken, error: null };
      }
      atBoundary();
    }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return { taken: -1, error: `${error.code}: ${error.message}` };
  }
  return { taken, error: null };
}

/** Parses pipelined requests until the input ends or is refused. */
export function parseRequests(
  pieces: readonly Uint8Array[],
  limits: Http1Limits = DEFAULT_LIMITS,
): Outcome {
  const recorder = new Recorder();
  const parser = new RequestParser(limits, recorder);
  let begun = 0;
  const { taken, error } = feed(parser, pieces, () => {
    const { length } = recorder.messages;
    if (length > begun && recorder.messages[length - 1].complete) {
      begun = length;
      parser.next();
    }
    return true;
  });
  return { messages: recorder.messages, error, taken };
}

/** Parses the responses to requests with these methods; `eof` ends the connection behind the input. */
export function parseResponses(
  pieces: readonly Uint8Array[],
  methods: readonly string[] = ["GET"],
  eof = false,
  limits: Http1Limits = DEFAULT_LIMITS,
): Outcome {
  const recorder = new Recorder();
  const parser = new ResponseParser(limits, recorder);
  let begun = 1;
  let ends = 0;
  parser.begin(methods[0]);
  const result = feed(parser, pieces, () => {
    const complete = recorder.messages.filter((message) => message.complete).length;
    if (complete === ends) return false;
    ends = complete;
    if (begun === methods.length) return false;
    parser.begin(methods[begun++]);
    return true;
  });
  let { error } = result;
  if (eof && error === null) {
    try {
      parser.eof();
    } catch (thrown) {
      if (!(thrown instanceof ProxyError)) throw thrown;
      error = `${thrown.code}: ${thrown.message}`;
    }
  }
  return { messages: recorder.messages, error, taken: result.taken };
}

/** Offsets for one byte at a time. */
export function everyByte(length: number): number[] {
  return Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1);
}
