import { messageOf, ProxyError } from "../../core/errors.ts";
import { FreeList } from "../../core/free-list.ts";
import { formatAddress } from "../../net/address.ts";
import { FieldId } from "../../wire/field-names.ts";
import { HeaderList } from "../../wire/header-list.ts";
import { Body } from "../body.ts";
import { Exchange, NO_DOWNSTREAM } from "../exchange.ts";
import { announcedLength, lazyMessage } from "./lazy-message.ts";

/** A Request of the platform's own, for what is the same in all that a server gets. */
const PLATFORMS = new Request("http://localhost/");

const FREE = new FreeList<LazyRequest>();
/** That of a request which waits to become another one. */
const NO_EXCHANGE = new Exchange(NO_DOWNSTREAM, 0);

/** It is one to the compiler too: `Request.prototype` is above its own. */
export interface LazyRequest extends Request {}

/**
 * A Request that looks and behaves like the platform's own (`instanceof Request` holds) but is
 * still what the wire engine made of the bytes: a flat header list and a body on its socket.
 * Native objects are made only for those who ask.
 *
 * `method`, `target`, `scheme`, `host` and `headerList` may be changed in place by middlewares,
 * which is cheaper than a new Request.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: what it doesn't define it inherits at run time.
export class LazyRequest extends lazyMessage(Request.prototype) {
  exchange: Exchange;
  method: string;
  /** "http" or "https". */
  scheme: string;
  /** The authority: Host field, or the target's in absolute form. */
  host: string;
  /** Path and query, "*" for an asterisk-form OPTIONS. */
  target: string;
  /** An upgrade that the client asks for: `Upgrade`'s value, or "" for none. */
  upgrade = "";
  /** A middleware took the whole path away; the "/" in `target` only stands in for it. */
  emptyPath = false;
  /** The peer's address is appended to X-Forwarded-For. Off where a middleware deleted that header. */
  forwardPeer = true;

  constructor(
    exchange: Exchange,
    method: string,
    scheme: string,
    host: string,
    target: string,
    headerList: HeaderList,
    body: Body | null,
  ) {
    super(headerList, body);
    this.exchange = exchange;
    this.method = method;
    this.scheme = scheme;
    this.host = host;
    this.target = target;
  }

  /** A request like a new one, a part of its exchange; one that was recycled, where there is one. */
  static received(
    exchange: Exchange,
    method: string,
    scheme: string,
    host: string,
    target: string,
    headerList: HeaderList,
    body: Body | null,
  ): LazyRequest {
    let request = FREE.take();
    if (request === undefined) {
      request = new LazyRequest(exchange, method, scheme, host, target, headerList, body);
    } else {
      request.receive(headerList, body);
      request.exchange = exchange;
      request.method = method;
      request.scheme = scheme;
      request.host = host;
      request.target = target;
    }
    exchange.own(request);
    return request;
  }

  recycle(): void {
    if (!this.release()) return;
    this.exchange = NO_EXCHANGE;
    this.upgrade = "";
    this.emptyPath = false;
    this.forwardPeer = true;
    FREE.give(this);
  }

  /** The request itself where it is lazy already, else a lazy one around a native Request. */
  static of(request: Request, exchange: Exchange = new Exchange(NO_DOWNSTREAM)): LazyRequest {
    if (request instanceof LazyRequest) return request;
    const url = new URL(request.url);
    const headers = HeaderList.from(request.headers);
    const body =
      request.body === null ? null : Body.fromStream(request.body, announcedLength(headers));
    const lazy = new LazyRequest(
      exchange,
      request.method,
      url.protocol.slice(0, -1),
      headers.first("host") ?? url.host,
      url.pathname + url.search,
      headers,
      body,
    );
    const gone = (): void => {
      const cause: unknown = request.signal.reason;
      exchange.abort(new ProxyError("client-gone", "downstream", messageOf(cause), { cause }));
    };
    request.signal?.addEventListener("abort", gone, { once: true });
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

  /** Where the request names no host, as it may, the URL has the address that it came to. */
  get url(): string {
    const host = this.host === "" ? formatAddress(this.exchange.downstream.local) : this.host;
    return `${this.scheme}://${host}${this.target.startsWith("/") ? this.target : `/`}`;
  }

  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  clone(): Request {
    return this.nativeWith(this.cloneBody());
  }

  /** The platform's own Request. The body goes with it, unless `bodyless`. */
  native(bodyless = false): Request {
    return this.nativeWith(bodyless ? null : this.body);
  }

  private nativeWith(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Request {
    // The platform knows no body of these two.
    const withBody = this.method !== "GET" && this.method !== "HEAD";
    // The Fetch standard forbids these to clients, and servers receive them all the same.
    const forbidden = /^(?:TRACE|TRACK|CONNECT)$/i.test(this.method);
    const request = new Request(this.url, {
      method: forbidden ? "POST" : this.method,
      headers: this.nativeFields(),
      body: withBody ? body : null,
      signal: this.signal,
      redirect: "manual",
      duplex: "half",
    } as RequestInit);
    if (forbidden) Object.defineProperty(request, "method", { value: this.method });
    return request;
  }

  /** Field by field. The platform would put commas between several Cookie fields. */
  private nativeFields(): [string, string][] {
    const { headerList } = this;
    const fields = [...headerList.entries()];
    const cookie = headerList.findId(FieldId.cookie);
    if (cookie < 0 || headerList.findId(FieldId.cookie, cookie + 1) < 0) return fields;
    return [
      ...fields.filter(([name]) => name.toLowerCase() !== "cookie"),
      ["cookie", headerList.get("cookie")!],
    ];
  }

  // As the platform's own has them, so that copies and clones agree; but for redirects, which are the client's.
  get cache(): RequestCache {
    return PLATFORMS.cache;
  }
  get credentials(): RequestCredentials {
    return PLATFORMS.credentials;
  }
  get destination(): RequestDestination {
    return PLATFORMS.destination;
  }
  get duplex(): "half" {
    return "half";
  }
  get integrity(): string {
    return PLATFORMS.integrity;
  }
  get keepalive(): boolean {
    return PLATFORMS.keepalive;
  }
  get mode(): RequestMode {
    return PLATFORMS.mode;
  }
  get redirect(): RequestRedirect {
    return "manual";
  }
  get referrer(): string {
    return PLATFORMS.referrer;
  }
  get referrerPolicy(): ReferrerPolicy {
    return PLATFORMS.referrerPolicy;
  }
}
