import { latin1 } from "../../core/bytes.ts";
import { ProxyError } from "../../core/errors.ts";
import type { Fields } from "../fields.ts";
import { responseFraming } from "./head/framing.ts";
import { HeadParts, SharedParts } from "./head/head-parts.ts";
import { StatusLine } from "./head/status-line.ts";
import { Framing, type Http1Limits, type MessageSink, type ResponseHead } from "./message.ts";
import { Behind, MessageParser } from "./message-parser.ts";
import { refuseResponse } from "./protocol-error.ts";
import { spells } from "./spells.ts";

const NO_BYTES = new Uint8Array(0);
const NO_FIELDS: Fields = [];

type Head = { -readonly [Key in keyof ResponseHead]: ResponseHead[Key] };
type ResponseParts = HeadParts<StatusLine, Head>;

function createParts(limits: Http1Limits): ResponseParts {
  return new HeadParts(limits, refuseResponse, new StatusLine(), {
    bytes: NO_BYTES,
    fields: NO_FIELDS,
    minor: 1,
    framing: Framing.none,
    contentLength: -1,
    keepAlive: true,
    upgrade: false,
    status: 0,
    reason: "",
  });
}

const SHARED = new SharedParts(createParts);

/** The latest reason phrase: nearly always the next one's, and then no string is made. */
let lastReason = "OK";

/**
 * Parses responses (RFC 9112), one after each `begin`. Interim responses come as heads of their
 * own, without an end; they and the final head share `maxHeadBytes`. A 101, or a 2xx to CONNECT,
 * has no end either: what follows its head is no HTTP. ProxyErrors have source "upstream".
 */
export class ResponseParser extends MessageParser<StatusLine, ResponseHead, Head> {
  protected readonly padded = true;
  private requestMethod = "";

  constructor(limits: Http1Limits, sink: MessageSink<ResponseHead>) {
    super(SHARED.for(limits), sink);
  }

  protected override createParts(limits: Http1Limits): ResponseParts {
    return createParts(limits);
  }

  /**
   * The response to a request with this method may start: HEAD and CONNECT change how it is read.
   * Throws where the response before isn't complete.
   */
  begin(requestMethod: string): void {
    this.beginMessage();
    this.requestMethod = requestMethod;
  }

  /**
   * The connection ended. Completes a body that ends with it; throws "upstream-closed" where a
   * response is incomplete.
   */
  eof(): void {
    if (this.endsCleanly()) return;
    const where = this.idle ? "before" : this.inHead ? "in the head of" : "in the body of";
    throw new ProxyError(
      "upstream-closed",
      "upstream",
      `The upstream closed the connection ${where} a response`,
    );
  }

  protected override deliverHead(parts: ResponseParts, bytes: Uint8Array, fields: Fields): number {
    const { line, facts, head } = parts;
    const { status, minor } = line;
    facts.read(bytes, fields);
    const behind = this.behindHead(status, responseFraming(facts, minor, bytes, fields));
    const framing = behind < 0 ? Framing.none : (behind as Framing);
    this.remaining = facts.contentLength;
    head.bytes = bytes;
    head.fields = fields;
    head.minor = minor;
    head.framing = framing;
    head.contentLength = facts.contentLength;
    head.keepAlive =
      !facts.close &&
      (minor === 1 || facts.keepAlive) &&
      framing !== Framing.close &&
      behind !== Behind.tunnel;
    head.upgrade = facts.upgradeOption && facts.upgradeField && minor === 1;
    head.status = status;
    head.reason = reasonOf(bytes, line.reasonStart, line.reasonEnd);
    this.sink.messageHead(head);
    // Nothing of it is kept while the connection is idle.
    head.bytes = NO_BYTES;
    head.fields = NO_FIELDS;
    return behind;
  }

  /** RFC 9112 section 6.3. Framing that the status makes void must still make sense. */
  private behindHead(status: number, framing: Framing): number {
    if (status === 101) return Behind.tunnel;
    if (status < 200) return Behind.head;
    if (this.requestMethod === "CONNECT" && status < 300) return Behind.tunnel;
    return this.requestMethod === "HEAD" || status === 204 || status === 304
      ? Framing.none
      : framing;
  }
}

function reasonOf(bytes: Uint8Array, start: number, end: number): string {
  if (!spells(bytes, start, end, lastReason)) lastReason = latin1(bytes, start, end);
  return lastReason;
}
