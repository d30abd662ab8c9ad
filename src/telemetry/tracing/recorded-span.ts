import { now } from "../../core/timers.ts";
import type { Span } from "../../http/observability.ts";
import { type AttributeValue, nanosecondsOf, writeAttribute } from "../otlp/attributes.ts";
import type { ProtobufWriter } from "../otlp/protobuf-writer.ts";

/** Fields of opentelemetry.proto.trace.v1 Span and Status, and of ScopeSpans. */
const SPANS = 2;
const TRACE_ID = 1;
const SPAN_ID = 2;
const PARENT_SPAN_ID = 4;
const NAME = 5;
const KIND = 6;
const START = 7;
const END = 8;
const ATTRIBUTES = 9;
const STATUS = 15;
const FLAGS = 16;
const MESSAGE = 2;
const CODE = 3;
const ERROR = 2;
/** W3C's sampled, and that it is known whether the parent is another program's. */
const SAMPLED = 1;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** Milliseconds of `now()`'s zero since the epoch. */
const EPOCH = Date.now() - now();

/** A span that is on record; it is written once the request is over. */
export class RecordedSpan implements Span {
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly kind: number;
  /** Milliseconds of `now()`. */
  readonly startedAt: number;
  /** 0 while it goes on. */
  endedAt = 0;
  private readonly attributes: (readonly [string, AttributeValue])[] = [];
  private message: string | null = null;

  /** `parent` is "" for none. */
  constructor(id: string, parent: string, name: string, kind: number, startedAt: number) {
    this.id = id;
    this.parent = parent;
    this.name = name;
    this.kind = kind;
    this.startedAt = startedAt;
  }

  set(name: string, value: AttributeValue): void {
    this.attributes.push([name, value]);
  }

  fail(message: string): void {
    this.message = message;
  }

  end(): void {
    if (this.endedAt === 0) this.endedAt = now();
  }

  /** As an item of ScopeSpans. */
  write(writer: ProtobufWriter, traceId: string, remoteParent: boolean): void {
    const span = writer.open(SPANS);
    writer.hex(TRACE_ID, traceId);
    writer.hex(SPAN_ID, this.id);
    if (this.parent !== "") writer.hex(PARENT_SPAN_ID, this.parent);
    writer.text(NAME, this.name);
    writer.integer(KIND, this.kind);
    writer.fixed64(START, nanosecondsOf(EPOCH + this.startedAt));
    writer.fixed64(END, nanosecondsOf(EPOCH + this.endedAt));
    for (const [name, value] of this.attributes) writeAttribute(writer, ATTRIBUTES, name, value);
    if (this.message !== null) {
      const status = writer.open(STATUS);
      if (this.message !== "") writer.text(MESSAGE, this.message);
      writer.integer(CODE, ERROR);
      writer.end(status);
    }
    writer.fixed32(FLAGS, SAMPLED | HAS_IS_REMOTE | (remoteParent ? IS_REMOTE : 0));
    writer.end(span);
  }
}
