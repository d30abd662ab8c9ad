import { latin1 } from "../../core/bytes.ts";
import type { Fields } from "../fields.ts";
import { encodeObsText } from "../obs-text.ts";
import { TextCache } from "../text-cache.ts";
import { isAuthority, Port } from "./head/authority.ts";
import { requestFraming } from "./head/framing.ts";
import type { HeadFacts } from "./head/head-facts.ts";
import { HeadParts, SharedParts } from "./head/head-parts.ts";
import { RequestLine } from "./head/request-line.ts";
import { isTarget } from "./head/request-target.ts";
import { Framing, type Http1Limits, type MessageSink, type RequestHead } from "./message.ts";
import { MessageParser } from "./message-parser.ts";
import { refuseRequest, showOctets } from "./protocol-error.ts";
import { spells } from "./spells.ts";

const NO_BYTES = new Uint8Array(0);
const NO_FIELDS: Fields = [];

const TARGETS = new TextCache();

/** Methods by length, most frequent first: their strings are not made anew for each request. */
const METHODS: string[][] = [
  [],
  [],
  [],
  ["GET", "PUT"],
  ["POST", "HEAD"],
  ["PATCH", "TRACE"],
  ["DELETE"],
  ["OPTIONS", "CONNECT"],
];

type Head = { -readonly [Key in keyof RequestHead]: RequestHead[Key] };
type RequestParts = HeadParts<RequestLine, Head>;

function createParts(limits: Http1Limits): RequestParts {
  return new HeadParts(limits, refuseRequest, new RequestLine(), {
    bytes: NO_BYTES,
    fields: NO_FIELDS,
    minor: 1,
    framing: Framing.none,
    contentLength: -1,
    keepAlive: true,
    upgrade: false,
    method: "",
    target: "",
    expectContinue: false,
  });
}

const SHARED = new SharedParts(createParts);

/**
 * Parses requests (RFC 9112), one at a time: ready for the first, and for each further one after
 * `next`. Its ProxyErrors have source "downstream" and the code of the status to answer with.
 */
export class RequestParser extends MessageParser<RequestLine, RequestHead, Head> {
  protected readonly padded = false;

  constructor(limits: Http1Limits, sink: MessageSink<RequestHead>) {
    super(SHARED.for(limits), sink);
    this.beginMessage();
  }

  protected override createParts(limits: Http1Limits): RequestParts {
    return createParts(limits);
  }

  /** The next request may start. Throws where the present one isn't complete. */
  next(): void {
    this.beginMessage();
  }

  protected override deliverHead(parts: RequestParts, bytes: Uint8Array, fields: Fields): number {
    const { line, facts, head } = parts;
    const { minor } = line;
    const method = methodOf(bytes, line.methodStart, line.methodEnd);
    if (!isTarget(bytes, line.targetStart, line.targetEnd, method)) {
      const found = showOctets(bytes, line.targetStart, line.targetEnd);
      throw refuseRequest("bad-request", `${found} is not a target for ${method.slice(0, 32)}`);
    }
    facts.read(bytes, fields);
    checkHost(line.minor, facts, bytes);
    checkExpectations(facts);
    const target = TARGETS.get(bytes, line.targetStart, line.targetEnd);
    const framing = requestFraming(facts, minor, bytes, fields);
    this.remaining = facts.contentLength;
    head.bytes = bytes;
    head.fields = fields;
    head.minor = minor;
    head.framing = framing;
    head.contentLength = facts.contentLength;
    head.keepAlive = !facts.close && (minor === 1 || facts.keepAlive);
    head.upgrade = facts.upgradeOption && facts.upgradeField && minor === 1;
    head.method = method;
    head.target = line.obsText ? encodeObsText(target) : target;
    head.expectContinue = facts.expectations > 0 && minor === 1 && framing !== Framing.none;
    this.sink.messageHead(head);
    // Nothing of it is kept while the connection is idle.
    head.bytes = NO_BYTES;
    head.fields = NO_FIELDS;
    return framing;
  }
}

/**
 * Exactly one Host in HTTP/1.1 and at most one in HTTP/1.0, and a valid one (RFC 9112 section
 * 3.2), in absolute form too. There the target's authority wins where the two differ, as section
 * 3.2.2 and Go have it: that is for the reader of the head. An empty Host names nothing, which Go
 * and Traefik serve.
 */
function checkHost(minor: number, facts: HeadFacts, bytes: Uint8Array): void {
  const { hosts, hostStart, hostEnd } = facts;
  if (hosts === 0 && minor === 0) return;
  if (hosts !== 1) {
    throw refuseRequest("bad-request", `${hosts} Host fields, expected one`);
  }
  if (hostStart === hostEnd) return;
  if (!isAuthority(bytes, hostStart, hostEnd, Port.optional)) {
    const found = showOctets(bytes, hostStart, hostEnd);
    throw refuseRequest(
      "bad-request",
      `Host is ${found}, expected a name or address and perhaps a port`,
    );
  }
}

/** RFC 9110 section 10.1.1 knows one expectation. */
function checkExpectations(facts: HeadFacts): void {
  if (facts.expectations > 0 && !facts.expectContinue) {
    throw refuseRequest("expectation-failed", "An Expect other than 100-continue");
  }
}

function methodOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start < METHODS.length) {
    for (const method of METHODS[end - start]) {
      if (spells(bytes, start, end, method)) return method;
    }
  }
  return latin1(bytes, start, end);
}
