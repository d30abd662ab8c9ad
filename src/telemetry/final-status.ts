import { ProxyError, statusOf } from "../core/errors.ts";
import type { Exchange } from "../http/exchange.ts";

/** The status that stands for an exchange that is over: where no response was sent, 499 for a client that went away. */
export function finalStatus(exchange: Exchange): number {
  return exchange.status !== 0 ? exchange.status : unsentStatus(exchange);
}

function unsentStatus({ aborted, error }: Exchange): number {
  if (aborted !== null) return aborted instanceof ProxyError ? statusOf(aborted) : 499;
  return error === null ? 0 : statusOf(error);
}
