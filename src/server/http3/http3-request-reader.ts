import { ProxyError } from "../../core/errors.ts";
import {
  Http3Error,
  type Http3Fields,
  type Http3Stream,
  type Http3StreamHandler,
} from "../../net/http3.ts";
import { MalformedError } from "../../wire/field-block/message-head.ts";
import { isTooLarge } from "../../wire/http3/field-block.ts";
import { announcesBody, http3RequestHead, http3RequestTrailers } from "../../wire/http3/message.ts";
import { bodyTooFast, streamGone } from "../exchange/exchange-endings.ts";
import type { ServerConnection } from "../exchange/server-connection.ts";
import type { Http3Wire } from "./http3-wire.ts";

const MISCOUNTED_REQUEST = "The body has another length than Content-Length says";

/** Reads the request of a stream of HTTP/3, and checks it: the runtime hands on what the client sent. */
export class Http3RequestReader implements Http3StreamHandler {
  private readonly connection: ServerConnection;
  private readonly stream: Http3Stream;
  private readonly wire: Http3Wire;
  /** -1 where the head names no Content-Length. */
  private contentLength = -1;
  private received = 0;
  /** The head was refused: what follows it means nothing. */
  private refused = false;
  /** A body was announced, or has begun. */
  private hasBody = false;

  constructor(connection: ServerConnection, stream: Http3Stream, wire: Http3Wire) {
    this.connection = connection;
    this.stream = stream;
    this.wire = wire;
  }

  /** The head, before anything else is heard of the request. `deadline` is the readTimeout's end. */
  begin(lines: Http3Fields, deadline: number): void {
    const { driver } = this.wire;
    driver.begin(pseudo(lines, ":method"), pseudo(lines, ":path"), deadline);
    if (isTooLarge(lines, this.maxBytes)) {
      this.refused = true;
      const reason = "The request's head is larger than allowed";
      // Not before the runtime knows what it gives the rest of the request to.
      queueMicrotask(() => driver.refuse(new ProxyError("header-too-large", "downstream", reason)));
      return;
    }
    const head = this.checked(() => http3RequestHead(lines));
    if (head === undefined) return;
    this.wire.requestHead = head;
    this.contentLength = head.contentLength;
    if (announcesBody(head)) this.expectBody(head.contentLength);
  }

  /** Of a head or a trailer section: what HTTP/2 has, as HTTP/1.1 takes some more. */
  private get maxBytes(): number {
    return this.connection.entry.http2Limits.maxHeaderListBytes;
  }

  private expectBody(length: number): void {
    this.hasBody = true;
    this.wire.driver.bodyFollows(length);
    queueMicrotask(() => this.dispatch());
  }

  private dispatch(): void {
    if (this.wire.requestHead !== null) this.wire.driver.proceed();
  }

  data(bytes: Uint8Array): void {
    if (this.refused || this.wire.done) return;
    this.received += bytes.length;
    if (this.contentLength >= 0 && this.received > this.contentLength) {
      this.refuse(MISCOUNTED_REQUEST);
      return;
    }
    if (!this.hasBody) this.expectBody(-1);
    this.wire.driver.requestData(bytes, 0, bytes.length);
  }

  flush(): void {
    if (this.wire.requestHead === null) this.wire.driver.proceed();
  }

  end(trailers: Http3Fields | null): void {
    const { driver } = this.wire;
    if (this.refused || this.wire.done) {
      driver.receiving = false;
      return;
    }
    if (this.contentLength > 0 && this.received !== this.contentLength) {
      this.refuse(MISCOUNTED_REQUEST);
      return;
    }
    const received = trailers && this.checked(() => http3RequestTrailers(trailers, this.maxBytes));
    if (received === undefined) return;
    driver.requestEnd(received);
    this.dispatch();
  }

  overflow(): void {
    this.wire.driver.requestLost(bodyTooFast());
  }

  /** The stream takes bytes again. */
  drain(): void {
    this.wire.driver.moved();
    this.wire.driver.writable();
  }

  close(error?: Error): void {
    this.connection.breakOffExchange(this.wire.driver, streamGone(error));
  }

  /** What `check` returns; undefined where the request is malformed, and over. */
  private checked<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.refuse(error.message);
      return undefined;
    }
  }

  /** Malformed (RFC 9114 section 4.1.2). */
  private refuse(reason: string): void {
    this.connection.entry.logger.debug("Refused a malformed HTTP/3 request", {
      remote: this.connection.remote.ip,
      reason,
    });
    this.stream.reset(Http3Error.messageError);
    this.wire.driver.breakOff(new ProxyError("bad-request", "downstream", reason));
  }
}

function pseudo(lines: Http3Fields, name: string): string {
  return lines.find((line) => line[0] === name)?.[1] ?? "";
}
