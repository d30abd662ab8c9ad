import type { ProxyError } from "../core/errors.ts";
import { Body } from "./body.ts";
import { Exchange, NO_DOWNSTREAM } from "./exchange.ts";
import { HeaderList } from "./header-list.ts";
import { LazyHeaders } from "./lazy-headers.ts";

/**
 * A Request that looks and behaves like the platform's own (`instanceof Request` holds) but is
 * still what the wire engine made of the bytes: a flat header list and a body on its socket.
 * Native objects are made only for those who ask.
 *
 * `method`, `target`, `scheme`, `host` and `headerList` may be changed in place by middlewares,
 * which is cheaper than a new Request.
 */
export class LazyRequest {
  readonly exchange: Exchange;
  method: string;
  /** "http" or "https". */
  scheme: string;
  /** The authority: Host field, or the target's in absolute form. */
  host: string;
  /** Path and query, "*" for an asterisk-form OPTIONS. */
  target: string;
  readonly headerList: HeaderList;
  /** An upgrade that the client asks for: `Upgrade`'s value, or "" for none. */
  upgrade = "";
  private source: Body | null;
  private headersView: LazyHeaders | null = null;
  private streamView: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;

  constructor(
    exchange: Exchange,
    method: string,
    scheme: string,
    host: string,
    target: string,
    headerList: HeaderList,
    body: Body | null,
  ) {
    this.exchange = exchange;
    this.method = method;
    this.scheme = scheme;
    this.host = host;
    this.target = target;
    this.headerList = headerList;
    this.source = body;
  }

  /** The request itself where it is lazy already, else a lazy one around a native Request. */
  static of(request: Request, exchange: Exchange = new Exchange(NO_DOWNSTREAM)): LazyRequest {
    if (request instanceof LazyRequest) return request as unknown as LazyRequest;
    const url = new URL(request.url);
    const headers = HeaderList.from(request.headers);
    const length = headers.first("content-length");
    const body =
      request.body === null
        ? null
        : Body.fromStream(
            request.body,
            length !== null && /^\d{1,15}$/.test(length) ? Number(length) : -1,
          );
    const lazy = new LazyRequest(
      exchange,
      request.method,
      url.protocol.slice(0, -1),
      headers.first("host") ?? url.host,
      url.pathname + url.search,
      headers,
      body,
    );
    request.signal?.addEventListener(
      "abort",
      () => exchange.abort(request.signal.reason as ProxyError),
      {
        once: true,
      },
    );
    return lazy;
  }

  /** The path without the query. */
  get path(): string {
    const query = this.target.indexOf("?");
    return query < 0 ? this.target : this.target.slice(0, query);
  }

  /** The query with its "?", or "". */
  get search(): string {
    const query = this.target.indexOf("?");
    return query < 0 ? "" : this.target.slice(query);
  }

  get url(): string {
    return `${this.scheme}://${this.host}${this.target.startsWith("/") ? this.target : `/`}`;
  }

  get headers(): Headers {
    return (this.headersView ??= new LazyHeaders(this.headerList)) as unknown as Headers;
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  get hasBody(): boolean {
    return this.source !== null;
  }

  /** Body as it comes from the client, for whoever moves bytes; null where there is none. Takes a stream that was made back. */
  takeBody(): Body | null {
    if (this.streamView === null) return this.source;
    return Body.fromStream(this.streamView, this.source?.length ?? -1);
  }

  /** Replaces the body; `null` for none. */
  setBody(body: Body | null): void {
    this.source = body;
    this.streamView = null;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (this.source === null) return null;
    this.streamView ??= this.source.stream();
    return this.streamView;
  }

  get bodyUsed(): boolean {
    if (this.streamView !== null) return this.streamView.locked;
    return this.source?.used ?? false;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.source === null) return new Uint8Array(0);
    if (this.streamView !== null) {
      return new Uint8Array(await new Response(this.streamView).arrayBuffer());
    }
    return this.source.bytes();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headerList.first("content-type") ?? "" });
  }

  async formData(): Promise<FormData> {
    return new Response(await this.bytes(), {
      headers: { "content-type": this.headerList.first("content-type") ?? "" },
    }).formData();
  }

  clone(): Request {
    return this.native().clone();
  }

  /** The platform's own Request. The body goes with it. */
  native(): Request {
    const withBody = this.source !== null && this.method !== "GET" && this.method !== "HEAD";
    return new Request(this.url, {
      method: this.method,
      headers: [...this.headerList.entries()],
      body: withBody ? this.body : null,
      signal: this.signal,
      redirect: "manual",
      duplex: "half",
    } as RequestInit);
  }

  // What a server's Request has by the Fetch standard.
  get cache(): RequestCache {
    return "default";
  }
  get credentials(): RequestCredentials {
    return "same-origin";
  }
  get destination(): RequestDestination {
    return "";
  }
  get duplex(): "half" {
    return "half";
  }
  get integrity(): string {
    return "";
  }
  get keepalive(): boolean {
    return false;
  }
  get mode(): RequestMode {
    return "cors";
  }
  get redirect(): RequestRedirect {
    return "manual";
  }
  get referrer(): string {
    return "about:client";
  }
  get referrerPolicy(): ReferrerPolicy {
    return "";
  }
}

Object.setPrototypeOf(LazyRequest.prototype, Request.prototype);
