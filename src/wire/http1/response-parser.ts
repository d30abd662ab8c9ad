import { latin1 } from "../../core/bytes.ts";
import { ProxyError } from "../../core/errors.ts";
import type { Fields } from "../fields.ts";
import { responseFraming } from "./head/framing.ts";
import { StatusLine } from "./head/status-line.ts";
import { Framing, type Http1Limits, type MessageSink, type ResponseHead } from "./message.ts";
import { Behind, MessageParser } from "./message-parser.ts";
import { refuseResponse } from "./protocol-error.ts";
import { spells } from "./spells.ts";

const NO_BYTES = new Uint8Array(0);
const NO_FIELDS: Fields = [];

/**
 * Parses responses (RFC 9112), one after each `begin`. Interim responses come as heads of their
 * own, without an end; they and the final head share `maxHeadBytes`. A 101, or a 2xx to CONNECT,
 * has no end either: what follows its head is no HTTP. ProxyErrors have source "upstream".
 */
export class ResponseParser extends MessageParser<ResponseHead> {
  private readonly line: StatusLine;
  private readonly head: { -readonly [Key in keyof ResponseHead]: ResponseHead[Key] } = {
    bytes: NO_BYTES,
    fields: NO_FIELDS,
    minor: 1,
    framing: Framing.none,
    contentLength: -1,
    keepAlive: true,
    upgrade: false,
    status: 0,
    reason: "",
  };
  private requestMethod = "";
  /** The latest reason phrase: nearly always the next one's, and then no string is made. */
  private reason = "OK";

  constructor(limits: Http1Limits, sink: MessageSink<ResponseHead>) {
    const line = new StatusLine();
    super(limits, sink, line, refuseResponse, true);
    this.line = line;
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

  protected override deliverHead(bytes: Uint8Array, fields: Fields): number {
    const { line, facts } = this;
    const { status, minor } = line;
    facts.read(bytes, fields);
    const behind = this.behindHead(bytes, fields);
    const framing = behind < 0 ? Framing.none : (behind as Framing);
    const { head } = this;
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
    head.reason = this.reasonOf(bytes);
    this.sink.messageHead(head);
    // Nothing of it is kept while the connection is idle.
    head.bytes = NO_BYTES;
    head.fields = NO_FIELDS;
    return behind;
  }

  /** RFC 9112 section 6.3. Framing that the status makes void must still make sense. */
  private behindHead(bytes: Uint8Array, fields: Fields): number {
    const { status, minor } = this.line;
    const framing = responseFraming(this.facts, minor, bytes, fields);
    if (status === 101) return Behind.tunnel;
    if (status < 200) return Behind.head;
    if (this.requestMethod === "CONNECT" && status < 300) return Behind.tunnel;
    return this.requestMethod === "HEAD" || status === 204 || status === 304
      ? Framing.none
      : framing;
  }

  private reasonOf(bytes: Uint8Array): string {
    const { reasonStart, reasonEnd } = this.line;
    if (!spells(bytes, reasonStart, reasonEnd, this.reason)) {
      this.reason = latin1(bytes, reasonStart, reasonEnd);
    }
    return this.reason;
  }
}
