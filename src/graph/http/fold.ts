import type { Handler } from "../../http/handler.ts";
import type { HttpMiddleware } from "../../middlewares/http/http-middleware.ts";
import type { Running } from "../element-builder.ts";

/** Puts middlewares, outermost first, before a handler. */
export function fold(middlewares: readonly Running<HttpMiddleware>[], handler: Handler): Handler {
  return middlewares.reduceRight((next, { value }) => value.middleware(next), handler);
}
