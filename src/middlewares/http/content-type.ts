import type { ProxyError } from "../../core/errors.ts";
import { PassedBody } from "../../http/bodies/passed-body.ts";
import type { Body } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import { whenResponse } from "../../http/handler.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { FieldId } from "../../wire/field-names.ts";
import type { HttpMiddlewareKind } from "./http-middleware.ts";
import { sniffContentType } from "./sniff-content-type.ts";

/**
 * `contentType`: gives a Content-Type to responses without one, by what their body begins with, as
 * Go's net/http does. Without this middleware such responses stay as they are.
 * Source: Traefik's pkg/middlewares/contenttype/content_type.go and Go's net/http (server.go).
 */
export const contentType: HttpMiddlewareKind<"contentType"> = {
  create({ autoDetect = true }) {
    if (!autoDetect) return { middleware: (next) => next };
    return {
      middleware: (next) => (request, exchange) =>
        whenResponse(next(request, exchange), exchange, (response) =>
          withContentType(LazyResponse.of(response), exchange),
        ),
    };
  },
};

function withContentType(response: LazyResponse, exchange: Exchange): Response | Promise<Response> {
  const answer = response;
  const { headerList, status } = response;
  if (status < 200 || status === 204 || status === 304) return answer;
  if (headerList.findId(FieldId.contentType) >= 0) return answer;
  if (headerList.first("content-encoding")) return answer;
  const body = response.takeBody();
  if (body === null || body.length === 0) return answer;
  return new Promise((resolve) => {
    const relay: Peek = new Peek(body, (beginning) => {
      if (beginning !== null) headerList.setId(FieldId.contentType, sniffContentType(beginning));
      response.setBody(relay.body);
      resolve(answer);
    });
    // Until it has begun, no one else is there to let go of it.
    exchange.onAbort((error) => relay.abandon(error));
    body.pipe(relay);
  });
}

/** Passes a body on and shows its first bytes to a reader before. */
class Peek extends PassedBody {
  /** Called once, with null where the body has no bytes. */
  private began: ((beginning: Uint8Array | null) => void) | null;

  constructor(source: Body, began: (beginning: Uint8Array | null) => void) {
    super(source);
    this.began = began;
  }

  /** It is piped from the beginning on. */
  override startBody(): void {}

  private show(beginning: Uint8Array | null): void {
    const { began } = this;
    this.began = null;
    began?.(beginning);
  }

  abandon(error: ProxyError): void {
    if (this.began === null) return;
    this.source.cancel(error);
    this.bodyFail(error);
  }

  override bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    // Kept until the response is on its way, so the bytes must be there first.
    super.bodyChunk(bytes, start, end);
    if (this.began !== null) this.show(bytes.subarray(start, end));
  }

  override bodyEnd(): void {
    super.bodyEnd();
    this.show(null);
  }

  override bodyFail(error: ProxyError): void {
    super.bodyFail(error);
    this.show(null);
  }
}
