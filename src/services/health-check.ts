import { messageOf } from "../core/errors.ts";
import type { ServiceLogger } from "./service-logger.ts";

/** `loadBalancer.healthCheck`. Durations are in milliseconds. */
export interface HealthCheckOptions {
  readonly scheme?: string;
  /** "http"; Traefik's "grpc" isn't supported. */
  readonly mode?: string;
  /** Relative to the server's URL. */
  readonly path?: string;
  readonly method?: string;
  /** The expected status; 0 for anything from 200 to 399. */
  readonly status?: number;
  readonly port?: number;
  readonly interval?: number;
  /** As `interval` where it isn't given. */
  readonly unhealthyInterval?: number;
  readonly timeout?: number;
  /** The request's Host. */
  readonly hostname?: string;
  readonly followRedirects?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HealthCheckContext {
  /** The service's qualified name, for the log. */
  readonly service: string;
  readonly logger: ServiceLogger;
  /** Hears the outcome of every check. */
  report(index: number, up: boolean): void;
  /** Instead of the platform's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const DEFAULT_INTERVAL = 30_000;
const DEFAULT_TIMEOUT = 5_000;
/** Go's http.Client gives up there. */
const MAX_REDIRECTS = 10;

/**
 * Asks each server regularly whether it is well. Servers count as up until a check fails; the first
 * check comes one interval after the start. Each server has its own rhythm, so that one that hangs
 * delays no other's check. Source: Traefik's pkg/healthcheck/healthcheck.go.
 */
export class HealthCheck {
  private readonly options: HealthCheckOptions;
  private readonly context: HealthCheckContext;
  private readonly interval: number;
  private readonly unhealthyInterval: number;
  private readonly timeout: number;
  private readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  private readonly timers: ReturnType<typeof setTimeout>[] = [];
  private readonly stopped = new AbortController();

  /** Starts. Throws on options that make no check. */
  constructor(urls: readonly string[], options: HealthCheckOptions, context: HealthCheckContext) {
    const { mode = "http", interval, unhealthyInterval, timeout } = options;
    if (mode !== "" && mode !== "http") {
      throw new Error(
        `healthCheck.mode: expected "http", found ${JSON.stringify(mode)}, which Sluice does not support yet`,
      );
    }
    this.options = options;
    this.context = context;
    this.interval = positive(interval, DEFAULT_INTERVAL);
    this.unhealthyInterval =
      unhealthyInterval === undefined
        ? this.interval
        : positive(unhealthyInterval, DEFAULT_INTERVAL);
    this.timeout = positive(timeout, DEFAULT_TIMEOUT);
    this.fetch = context.fetch ?? ((url, init) => fetch(url, init));
    const targets = urls.map((url) => checkUrl(url, options));
    for (const [index, target] of targets.entries())
      this.schedule(index, target, true, this.interval);
  }

  stop(): void {
    this.stopped.abort();
    for (const timer of this.timers) clearTimeout(timer);
  }

  private schedule(index: number, target: URL, up: boolean, delay: number): void {
    if (this.stopped.signal.aborted) return;
    this.timers[index] = setTimeout(() => void this.run(index, target, up), delay);
  }

  private async run(index: number, target: URL, wasUp: boolean): Promise<void> {
    const started = performance.now();
    const failure = await this.check(target);
    if (this.stopped.signal.aborted) return;
    const up = failure === null;
    this.log(target, wasUp, failure);
    this.context.report(index, up);
    const interval = up ? this.interval : this.unhealthyInterval;
    this.schedule(index, target, up, Math.max(0, interval - (performance.now() - started)));
  }

  private log(target: URL, wasUp: boolean, failure: string | null): void {
    const { logger, service } = this.context;
    const fields = { serviceName: service, targetURL: target.href };
    if (failure === null) {
      if (!wasUp) logger.info("Health check succeeded again: the server is up", fields);
    } else if (wasUp) {
      logger.warn("Health check failed: the server is down", { ...fields, error: failure });
    } else {
      logger.debug("Health check failed", { ...fields, error: failure });
    }
  }

  /** One check: null where the server is well, else what is wrong. Never rejects. */
  private async check(target: URL): Promise<string | null> {
    const attempt = new AbortController();
    const timer = setTimeout(
      () => attempt.abort(new Error(`no answer within ${this.timeout} ms`)),
      this.timeout,
    );
    const stop = () => attempt.abort();
    this.stopped.signal.addEventListener("abort", stop, { once: true });
    try {
      const { status } = await this.request(target, attempt.signal);
      const expected = this.options.status ?? 0;
      if (expected === 0 ? status >= 200 && status < 400 : status === expected) return null;
      return `received error status code: ${status}${expected === 0 ? "" : ` expected status code: ${expected}`}`;
    } catch (error) {
      return `HTTP request failed: ${messageOf(attempt.signal.aborted ? attempt.signal.reason : error)}`;
    } finally {
      clearTimeout(timer);
      this.stopped.signal.removeEventListener("abort", stop);
    }
  }

  private async request(target: URL, signal: AbortSignal): Promise<Response> {
    const { followRedirects = true, hostname = "" } = this.options;
    let url = target;
    let method = this.options.method?.toUpperCase() || "GET";
    for (let redirects = 0; ; redirects++) {
      const headers = new Headers(this.options.headers);
      // The hostname is the first server's; where a redirect leads elsewhere, it goes by its own name.
      if (hostname !== "" && url.host === target.host) headers.set("Host", hostname);
      const response = await this.fetch(url.href, { method, headers, redirect: "manual", signal });
      response.body?.cancel().catch(() => {});
      const location = response.headers.get("location");
      if (!followRedirects || location === null || !isRedirect(response.status)) return response;
      if (redirects === MAX_REDIRECTS) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
      url = new URL(location, url);
      if (response.status < 307 && method !== "GET" && method !== "HEAD") method = "GET";
    }
  }
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function positive(value: number | undefined, otherwise: number): number {
  return value !== undefined && value > 0 ? value : otherwise;
}

/** The URL to ask. Throws on a path that is a URL of its own. */
function checkUrl(server: string, options: HealthCheckOptions): URL {
  const { path = "", scheme = "", port = 0 } = options;
  if (path.startsWith("//") || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path)) {
    throw new Error(
      `healthCheck.path: expected a path such as "/health", found ${JSON.stringify(path)}`,
    );
  }
  const base = new URL(server);
  if (scheme !== "" && scheme !== "http" && scheme !== "https") {
    throw new Error(
      `healthCheck.scheme: expected "http" or "https", found ${JSON.stringify(scheme)}`,
    );
  }
  if (scheme !== "") base.protocol = `${scheme}:`;
  // A port that is spelled out stays, whatever the scheme: a URL forgets its scheme's default one.
  const spelled = /^[^:/?#]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(server);
  if (spelled !== null) base.port = spelled[1];
  if (port !== 0) base.port = String(port);
  return path === "" ? base : new URL(path, base);
}
