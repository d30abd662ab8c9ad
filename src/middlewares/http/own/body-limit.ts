import { ProxyError } from "../../../core/errors.ts";
import { PassedBody } from "../../../http/bodies/passed-body.ts";
import type { Body } from "../../../http/body.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";

const tooLarge = plainAnswer(413);

/**
 * `bodyLimit`, ours: 413 for requests with a larger body. Nothing is held back: one that doesn't say its length
 * goes on as it comes, and its call to the server is broken off where it turns out too large.
 */
export const bodyLimit: HttpMiddlewareKind<"bodyLimit"> = {
  create({ maxRequestBodyBytes }) {
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const body = lazy.takeBody();
        if (body === null) return next(lazy, exchange);
        if (body.length > maxRequestBodyBytes) return tooLarge();
        if (body.length < 0) lazy.setBody(new LimitedBody(body, maxRequestBodyBytes).body);
        return next(lazy, exchange);
      },
    };
  },
};

/** Passes a body on, no further than so many bytes. */
class LimitedBody extends PassedBody {
  private left: number;

  constructor(source: Body, most: number) {
    super(source);
    this.left = most;
  }

  override bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    this.left -= end - start;
    if (this.left >= 0) super.bodyChunk(bytes, start, end);
    else this.refuse(TOO_LARGE);
  }
}

const TOO_LARGE = new ProxyError(
  "body-too-large",
  "downstream",
  "The request's body is larger than bodyLimit lets it be",
);
