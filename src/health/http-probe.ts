import { ProxyError } from "../core/errors.ts";
import type { Body } from "../http/body.ts";
import { Exchange, NO_DOWNSTREAM } from "../http/exchange.ts";
import type { Handler } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";
import type { HttpProbeOptions, ProbeTarget } from "../services/health/health-targets.ts";
import { HeaderList } from "../wire/header-list.ts";

/** Gives what sends requests to a target's origin. */
export type ProbeTransport = (target: ProbeTarget) => Handler;

/** Go's http.Client gives up there. */
const MAX_REDIRECTS = 10;

const UNREAD = new ProxyError("aborted", "internal", "A health check reads no body");

/** Asks once. Rejects with what is wrong. */
export async function httpProbe(
  target: ProbeTarget,
  options: HttpProbeOptions,
  transport: ProbeTransport,
  signal: AbortSignal,
): Promise<void> {
  const { status } = await follow(target, options, transport, signal);
  const expected = options.status ?? 0;
  if (expected === 0 ? status >= 200 && status < 400 : status === expected) return;
  throw new Error(
    `received error status code: ${status}${expected === 0 ? "" : ` expected status code: ${expected}`}`,
  );
}

async function follow(
  first: ProbeTarget,
  options: HttpProbeOptions,
  transport: ProbeTransport,
  signal: AbortSignal,
): Promise<LazyResponse> {
  const { followRedirects = true, hostname = "" } = options;
  let target = first;
  let method = options.method?.toUpperCase() || "GET";
  for (let redirects = 0; ; redirects++) {
    const headers = HeaderList.from(Object.entries(options.headers ?? {}));
    // The hostname is the first server's; where a redirect leads elsewhere, it goes by its own name.
    const host = hostname !== "" && target.url.host === first.url.host ? hostname : "";
    const response = await ask(target, { method, host, headers, body: null }, transport, signal);
    response.takeBody()?.cancel(UNREAD);
    const location = response.headerList.first("location");
    if (!followRedirects || location === null || !isRedirect(response.status)) return response;
    if (redirects === MAX_REDIRECTS) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
    target = redirected(target, location);
    if (response.status < 307 && method !== "GET" && method !== "HEAD") method = "GET";
  }
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function redirected({ place, scheme, url }: ProbeTarget, location: string): ProbeTarget {
  const next = new URL(location, url);
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(location) || (place && next.origin === url.origin))
    return { place: next.host === url.host ? place : undefined, scheme, url: next };
  const named = next.protocol.slice(0, -1);
  if (named === "http" || named === "https") return { scheme: named, url: next };
  throw new Error(`redirected to ${JSON.stringify(location)}, which is not HTTP`);
}

export interface ProbeRequest {
  readonly method: string;
  /** "" for the URL's. */
  readonly host: string;
  readonly headers: HeaderList;
  readonly body: Body | null;
}

/** Sends one request the way that clients' requests go. Rejects with the failure, or with the signal's reason. */
export async function ask(
  target: ProbeTarget,
  { method, host, headers, body }: ProbeRequest,
  transport: ProbeTransport,
  signal: AbortSignal,
): Promise<LazyResponse> {
  const { url, scheme } = target;
  const exchange = new Exchange(NO_DOWNSTREAM);
  if (!headers.has("user-agent")) headers.append("User-Agent", "Sluice");
  const request = new LazyRequest(
    exchange,
    method,
    scheme === "https" ? "https" : "http",
    host || url.host,
    url.pathname + url.search,
    headers,
    body,
  );
  exchange.method = method;
  exchange.host = request.host;
  exchange.target = request.target;
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(signal.reason);
      exchange.abort(new ProxyError("aborted", "internal", "The health check was given up"));
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    Promise.resolve()
      .then(() => transport(target)(request, exchange))
      .then((response) => {
        // The answer that stands for a failure of the network has that failure beside it.
        if (exchange.error !== null) reject(exchange.error);
        else resolve(LazyResponse.of(response));
      }, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}
