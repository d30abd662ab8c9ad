import { now } from "../../core/timers.ts";
import { type Span, SpanKind, type Trace } from "../../http/observability.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import type { SpanContext } from "./propagators.ts";
import type { RandomIds } from "./random-ids.ts";
import { RecordedSpan } from "./recorded-span.ts";
import type { TracingSettings } from "./tracing-settings.ts";

/** What makes traces. */
export interface TraceSource {
  readonly settings: TracingSettings;
  readonly ids: RandomIds;
}

/** Spans of one request at the most: retries and forwards inside may be many. */
const MOST_SPANS = 256;

/** The trace of a request of which nothing is recorded: servers are told so. */
export class UnrecordedTrace implements Trace {
  readonly detailed = false;
  private readonly tracer: TraceSource;
  private readonly parent: SpanContext | null;
  private readonly decider: number;
  private ownTrace = "";
  private ownSpan = "";

  /** `decider` decided that it isn't; it is a part of the trace's id. */
  constructor(tracer: TraceSource, parent: SpanContext | null, decider: number) {
    this.tracer = tracer;
    this.parent = parent;
    this.decider = decider;
  }

  // Made when they are asked for: a request that no server gets needs none.
  get traceId(): string {
    if (this.parent !== null) return this.parent.traceId;
    if (this.ownTrace === "") this.ownTrace = this.tracer.ids.trace(this.decider);
    return this.ownTrace;
  }

  get spanId(): string {
    if (this.ownSpan === "") this.ownSpan = this.tracer.ids.span();
    return this.ownSpan;
  }

  get sampled(): boolean {
    return false;
  }

  begin(): null {
    return null;
  }

  inject(headers: HeaderList): void {
    for (const propagator of this.tracer.settings.propagators) propagator.inject(headers, this);
  }
}

/** The trace of a request that is recorded. */
export class RecordedTrace implements Trace {
  readonly traceId: string;
  readonly detailed: boolean;
  readonly root: RecordedSpan;
  readonly hasRemoteParent: boolean;
  readonly spans: RecordedSpan[];
  /** The span that new ones are below of. */
  current: RecordedSpan;
  /** That of the present try to have a server answer, and what it was given. */
  client: RecordedSpan | null = null;
  clientTarget = "";
  /** What tries are below of. */
  beforeTry: RecordedSpan | null = null;
  private readonly tracer: TraceSource;

  constructor(
    tracer: TraceSource,
    parent: SpanContext | null,
    traceId: string,
    name: string,
    startedAt: number,
    detailed: boolean,
  ) {
    this.tracer = tracer;
    this.traceId = traceId;
    this.detailed = detailed;
    this.hasRemoteParent = parent !== null;
    this.root = new RecordedSpan(
      tracer.ids.span(),
      parent?.spanId ?? "",
      name,
      SpanKind.server,
      startedAt,
    );
    this.current = this.root;
    this.spans = [this.root];
  }

  get spanId(): string {
    return this.root.id;
  }

  begin(name: string, kind: number): RecordedSpan | null {
    if (kind === SpanKind.internal && !this.detailed) return null;
    if (this.spans.length >= MOST_SPANS) return null;
    const span = new RecordedSpan(this.tracer.ids.span(), this.current.id, name, kind, now());
    this.spans.push(span);
    if (kind !== SpanKind.client) this.current = span;
    return span;
  }

  inject(headers: HeaderList, span: Span | null): void {
    const context = {
      traceId: this.traceId,
      spanId: span === null ? this.root.id : span.id,
      sampled: true,
    };
    for (const propagator of this.tracer.settings.propagators) propagator.inject(headers, context);
  }
}
