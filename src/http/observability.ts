import type { HeaderList } from "../wire/header-list.ts";

/**
 * Traefik's `observability`: which signals tell of a request. A router's own, where it says nothing
 * its entrypoint's; the entrypoint's alone for requests that no router takes.
 */
export interface Observability {
  readonly accessLogs: boolean;
  readonly metrics: boolean;
  readonly tracing: boolean;
  readonly traceVerbosity: "minimal" | "detailed";
}

/** What holds where nothing is said. */
export const DEFAULT_OBSERVABILITY: Observability = {
  accessLogs: true,
  metrics: true,
  tracing: true,
  traceVerbosity: "minimal",
};

/** `observability` as written: what isn't said is left to others. */
export type ObservabilityWords = {
  readonly [K in keyof Observability]?: Observability[K] | undefined;
};

/** Word by word: what is said, else what `base` says. */
export function observabilityOver(base: Observability, words: ObservabilityWords): Observability {
  return {
    accessLogs: words.accessLogs ?? base.accessLogs,
    metrics: words.metrics ?? base.metrics,
    tracing: words.tracing ?? base.tracing,
    traceVerbosity: words.traceVerbosity ?? base.traceVerbosity,
  };
}

/** Counts the requests of one entrypoint, router, service or server. */
export interface Meter {
  /**
   * One request, or one try to have a server answer, is over. `kind` is `requestKind`'s; body sizes in bytes.
   */
  count(kind: number, seconds: number, requestBytes: number, responseBytes: number): void;
}

/** OpenTelemetry's kinds of spans. */
export const SpanKind = { internal: 1, server: 2, client: 3 } as const;

/** A part of a request's work that is recorded. */
export interface Span {
  readonly id: string;
  set(name: string, value: string | number | boolean | readonly string[]): void;
  /** It has failed; "" where there is nothing to say. */
  fail(message: string): void;
  end(): void;
}

/** The trace that a request is a part of. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the span of the whole request: 16 hexadecimal digits. */
  readonly spanId: string;
  /** Spans of kind `internal` are recorded. */
  readonly detailed: boolean;
  /**
   * Begins a span below the present one, which it becomes itself unless it is a client's. Null where
   * it isn't recorded.
   */
  begin(name: string, kind: number): Span | null;
  /** Tells a server of the trace by its request's headers: of that span, or of the whole request's. */
  inject(headers: HeaderList, span: Span | null): void;
}
