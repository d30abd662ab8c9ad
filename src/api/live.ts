import type { MetricsBook, RequestFigures } from "../telemetry/metrics/metrics-book.ts";
import { labelsOfKind } from "../telemetry/metrics/request-kind.ts";

/** What has been counted of one owner since the start. */
export interface LiveFigures {
  requests: number;
  /** By the first digit of the status: "2" for 200 to 299. */
  readonly classes: Record<string, number>;
  /** Of all requests together. */
  seconds: number;
  requestBytes: number;
  responseBytes: number;
  /** Requests in each bucket of durations alone; one more than there are bounds. */
  readonly buckets: number[];
}

export interface Live {
  /** Milliseconds since the epoch: two answers make a rate. */
  readonly at: number;
  /** Upper bounds of the buckets, in seconds. */
  readonly bounds: readonly number[];
  /** Open now, by entrypoint. */
  readonly connections: Readonly<Record<string, number>>;
  readonly entryPoints: Readonly<Record<string, LiveFigures>>;
  /** Of those that were asked for: by name, servers by their URL. */
  readonly owners: Readonly<Record<string, LiveFigures>>;
}

const KINDS = ["router", "service", "server"] as const;
/** Of `top`. */
const MOST = 100;

/**
 * What is counted now. `kind` (router, service, server) with `name`, repeated, asks for these besides
 * the entrypoints: for servers the names of their services. `top` asks for that many of a kind with
 * the most requests.
 */
export function live(book: MetricsBook, query: URLSearchParams): Live {
  const kind = KINDS.find((one) => one === query.get("kind"));
  const names = new Set(query.getAll("name"));
  const top = Math.min(Number(query.get("top") ?? 0) || 0, MOST);
  const entryPoints = new Map<string, LiveFigures>();
  const owners = new Map<string, LiveFigures>();
  for (const figures of book.requests()) {
    const { owner } = figures;
    if (owner.kind === "entryPoint") add(entryPoints, owner.name, figures);
    else if (owner.kind === kind && (top > 0 || names.has(owner.name)))
      add(owners, owner.kind === "server" ? owner.url : owner.name, figures);
  }
  const chosen =
    top > 0
      ? [...owners].sort(([, a], [, b]) => b.requests - a.requests).slice(0, top)
      : [...owners];
  return {
    at: Date.now(),
    bounds: book.bounds,
    connections: Object.fromEntries(book.connections()),
    entryPoints: Object.fromEntries(entryPoints),
    owners: Object.fromEntries(chosen),
  };
}

function add(all: Map<string, LiveFigures>, name: string, figures: RequestFigures): void {
  let sum = all.get(name);
  if (sum === undefined) {
    sum = {
      requests: 0,
      classes: {},
      seconds: 0,
      requestBytes: 0,
      responseBytes: 0,
      buckets: figures.counts.map(() => 0),
    };
    all.set(name, sum);
  }
  const { code } = labelsOfKind(figures.kind);
  const first = code.length === 3 ? code[0] : "other";
  sum.classes[first] = (sum.classes[first] ?? 0) + figures.count;
  sum.requests += figures.count;
  sum.seconds += figures.sum;
  sum.requestBytes += figures.requestBytes;
  sum.responseBytes += figures.responseBytes;
  for (const [i, count] of figures.counts.entries()) sum.buckets[i] += count;
}
