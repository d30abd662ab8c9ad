import { now } from "../../core/timers.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Trace } from "../../http/observability.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { BatchWriter, type ItemBatch } from "../otlp/item-batch.ts";
import type { SpanContext } from "./propagators.ts";
import { RandomIds } from "./random-ids.ts";
import { RecordedTrace, UnrecordedTrace } from "./request-trace.ts";
import type { TracingSettings } from "./tracing-settings.ts";

/** Decides which requests are recorded, and hands their spans on in batches. */
export class Tracer {
  readonly settings: TracingSettings;
  readonly ids = new RandomIds();
  private readonly batches: BatchWriter;
  /** Of 2^32. */
  private readonly threshold: number;

  constructor(settings: TracingSettings, hand: (batch: ItemBatch) => void) {
    this.settings = settings;
    this.threshold = settings.sampleRate * 2 ** 32;
    this.batches = new BatchWriter(hand, settings.batch, settings.delay);
  }

  /** A request has come. What another program has decided about its trace holds, else the sample rate does. */
  begin(headers: HeaderList, exchange: Exchange, detailed: boolean): Trace {
    let parent: SpanContext | null = null;
    for (const propagator of this.settings.propagators)
      parent = propagator.extract(headers) ?? parent;
    if (parent !== null) {
      return parent.sampled
        ? this.recorded(parent, parent.traceId, exchange, detailed)
        : new UnrecordedTrace(this, parent, 0);
    }
    const decider = this.ids.next();
    return decider < this.threshold
      ? this.recorded(null, this.ids.trace(decider), exchange, detailed)
      : new UnrecordedTrace(this, null, decider);
  }

  private recorded(
    parent: SpanContext | null,
    traceId: string,
    exchange: Exchange,
    detailed: boolean,
  ): RecordedTrace {
    return new RecordedTrace(this, parent, traceId, exchange.method, exchange.startedAt, detailed);
  }

  /** The request is over, and so is all that was done for it. */
  record({ spans, traceId, root, hasRemoteParent }: RecordedTrace): void {
    const end = now();
    for (const span of spans) {
      if (span.endedAt === 0) span.endedAt = end;
      span.write(this.batches.writer, traceId, span === root && hasRemoteParent);
      this.batches.added();
    }
  }

  /** Hands over what waits. */
  flush(): void {
    this.batches.flush();
  }
}
