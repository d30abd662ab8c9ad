import { latin1Bytes } from "../../core/bytes.ts";
import { FreeList } from "../../core/free-list.ts";
import type { Connection } from "../../net/connection.ts";
import { HeaderList } from "../../wire/header-list.ts";
import { Body } from "../body.ts";
import type { Exchange } from "../exchange.ts";
import { announcedLength, lazyMessage } from "./lazy-message.ts";

/** The upstream half of an upgraded connection, with what the upstream sent behind its 101. */
export interface Tunnel {
  readonly connection: Connection;
  /** What the connection speaks from now on, as `Upgrade` names it. */
  readonly protocol: string;
  readonly early: Uint8Array;
}

const REASONS: Record<number, string> = {
  100: "Continue",
  101: "Switching Protocols",
  102: "Processing",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Request Entity Too Large",
  414: "Request URI Too Long",
  415: "Unsupported Media Type",
  416: "Requested Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a teapot",
  421: "Misdirected Request",
  422: "Unprocessable Entity",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  510: "Not Extended",
  511: "Network Authentication Required",
};

/** The reason phrase that goes with a status in Go's net/http, "" for one it doesn't know. */
export function reasonOf(status: number): string {
  return REASONS[status] ?? "";
}

const FREE = new FreeList<LazyResponse>();

/** It is one to the compiler too: `Response.prototype` is above its own. */
export interface LazyResponse extends Response {}

/**
 * A Response that is still what the upstream sent: status, flat header list, body on its socket.
 * `instanceof Response` holds. `status`, `reason` and `headerList` may be changed in place.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: what it doesn't define it inherits at run time.
export class LazyResponse extends lazyMessage(Response.prototype) {
  status: number;
  reason: string;
  /** Set on a 101: the driver joins the two connections. */
  tunnel: Tunnel | null = null;
  /** Made from a platform's Response, so that the body comes through a stream. */
  adopted = false;

  constructor(
    status: number,
    headerList: HeaderList,
    body: Body | null,
    reason = reasonOf(status),
  ) {
    super(headerList, body);
    this.status = status;
    this.reason = reason;
  }

  /** A response like a new one, a part of its exchange; one that was recycled, where there is one. */
  static received(
    exchange: Exchange,
    status: number,
    headerList: HeaderList,
    body: Body | null,
    reason: string,
  ): LazyResponse {
    let response = FREE.take();
    if (response === undefined) {
      response = new LazyResponse(status, headerList, body, reason);
    } else {
      response.receive(headerList, body);
      response.status = status;
      response.reason = reason;
    }
    exchange.own(response);
    return response;
  }

  recycle(): void {
    if (this.tunnel !== null || this.adopted || !this.release()) return;
    FREE.give(this);
  }

  /** The response itself where it is lazy already, else a lazy one around a native Response. */
  static of(response: Response): LazyResponse {
    if (response instanceof LazyResponse) return response;
    const list = HeaderList.from(response.headers);
    const body =
      response.body === null ? null : Body.fromStream(response.body, announcedLength(list));
    const lazy = new LazyResponse(
      response.status,
      list,
      body,
      response.statusText || reasonOf(response.status),
    );
    lazy.adopted = true;
    return lazy;
  }

  /** A plain-text answer of Sluice's own. */
  static text(status: number, text = reasonOf(status), headers: [string, string][] = []): Response {
    const list = HeaderList.from([["Content-Type", "text/plain; charset=utf-8"], ...headers]);
    return new LazyResponse(status, list, Body.of(latin1Bytes(text)));
  }

  get statusText(): string {
    return this.reason;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  clone(): Response {
    return this.nativeWith(this.cloneBody());
  }

  /** The platform's own Response. The body goes with it. */
  native(): Response {
    return this.nativeWith(this.body);
  }

  private nativeWith(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Response {
    const bodyless = this.status === 204 || this.status === 205 || this.status === 304;
    return new Response(bodyless ? null : body, {
      status: this.status,
      statusText: this.reason,
      headers: [...this.headerList.entries()],
    });
  }

  get redirected(): boolean {
    return false;
  }
  get type(): ResponseType {
    return "default";
  }
  get url(): string {
    return "";
  }
}
