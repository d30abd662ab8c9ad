import type { Exchange } from "../../http/exchange.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";

/**
 * The answer that stands for a client which went away while a middleware waited for something, and null where
 * it is still there: no server is to be asked for nothing.
 */
export function clientLeft(exchange: Exchange): Response | null {
  return exchange.aborted === null ? null : LazyResponse.text(499);
}
