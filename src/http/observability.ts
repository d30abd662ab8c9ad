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
