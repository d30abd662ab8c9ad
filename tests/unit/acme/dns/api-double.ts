import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import { DnsEnvironment } from "../../../../src/acme/dns/dns-environment.ts";
import type { DnsContext } from "../../../../src/acme/dns/dns-provider.ts";
import type { DnsRecord } from "../../../../src/acme/dns/dns-record.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import type { HttpClient } from "../../../../src/net/clients/http-client.ts";

/** A request as a service's double sees it. */
export interface ApiRequest {
  readonly method: string;
  /** Where it was sent: scheme, host and port. */
  readonly origin: string;
  /** Without its query, decoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Headers;
  readonly body: string;
  /** The body as JSON. */
  readonly json: unknown;
  /** The body as a form. */
  readonly form: Readonly<Record<string, string>>;
}

export type ApiHandler = (
  request: ApiRequest,
) => Response | undefined | Promise<Response | undefined>;

/** Names a request in a double: "POST https://api.example.com/zones/1". */
export const nameOf = ({ method, origin, path }: ApiRequest) => `${method} ${origin}${path}`;

/**
 * Stands for a service's HTTP interface on a real socket. Requests to any place but this machine come
 * here too, with their origin. What the handler doesn't know is answered 404 and kept in `unknown`.
 */
export class ApiDouble implements Disposable {
  readonly requests: ApiRequest[] = [];
  readonly unknown: string[] = [];
  /** So many requests are put off first, with these seconds in Retry-After. */
  putOff = 0;
  retryAfter = "0";
  private readonly server;

  constructor(handler: ApiHandler) {
    this.server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const body = await request.text();
        const seen = seenRequest(request, body, this.url);
        this.requests.push(seen);
        if (this.putOff > 0) {
          this.putOff--;
          return new Response("slow down", {
            status: 429,
            headers: { "Retry-After": this.retryAfter },
          });
        }
        try {
          const answer = await handler(seen);
          if (answer !== undefined) return answer;
        } catch (error) {
          this.unknown.push(`${nameOf(seen)}: ${(error as Error).message}`);
          return new Response(String(error), { status: 400 });
        }
        this.unknown.push(nameOf(seen));
        return new Response("no such thing here", { status: 404 });
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  [Symbol.dispose](): void {
    void this.server.stop(true);
  }
}

function seenRequest(request: Request, body: string, own: string): ApiRequest {
  const { pathname, searchParams } = new URL(request.url);
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // It has another form.
  }
  return {
    method: request.method,
    origin: request.headers.get("x-test-origin") ?? own,
    path: decodeURIComponent(pathname),
    query: Object.fromEntries(searchParams),
    headers: request.headers,
    body,
    json,
    form: Object.fromEntries(new URLSearchParams(body)),
  };
}

/** A client that sends what is for elsewhere to the double. */
function rerouted(client: HttpClient, double: ApiDouble): HttpClient {
  return {
    close: () => client.close(),
    request(request) {
      const url = new URL(request.url);
      if (url.hostname === "127.0.0.1") return client.request(request);
      const headers = { ...request.headers, "x-test-origin": url.origin };
      return client.request({
        ...request,
        headers,
        url: `${double.url}${request.url.slice(url.origin.length)}`,
      });
    },
  };
}

/** What a provider sees: this environment, zones as given, and the double behind every URL. */
export function dnsContext(
  double: ApiDouble,
  env: Readonly<Record<string, string>>,
  zones: readonly string[] = ["example.com.", "unknown.example."],
): DnsContext & { readonly lines: string[] } {
  const lines: string[] = [];
  const log = (message: string, fields: object = {}) =>
    lines.push([message, ...Object.values(fields)].join(" "));
  const logger = { debug: log, info: log, warn: log, error: log } as unknown as Logger;
  const runtime = { ...bunRuntime(), env };
  return {
    lines,
    env: new DnsEnvironment(runtime),
    runtime,
    logger,
    httpClient: (options) => rerouted(runtime.httpClient(options), double),
    resolution: {
      follow: async (fqdn) => fqdn,
      async zoneOf(fqdn) {
        const zone = zones.find((zone) => fqdn.endsWith(`.${zone}`));
        if (zone === undefined) throw new Error(`can't find the zone of ${fqdn}`);
        return zone;
      },
      propagated: async () => {},
    },
  };
}

export const NEVER = new AbortController().signal;

/** A record of one domain; every value is another one's. */
export function recordOf(domain: string, value: string): DnsRecord {
  return {
    fqdn: `_acme-challenge.${domain}.`,
    value: value.padEnd(43, "-"),
    domain,
    token: `token-${value}`,
    keyAuthorization: `token-${value}.thumbprint`,
  };
}

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(value), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
