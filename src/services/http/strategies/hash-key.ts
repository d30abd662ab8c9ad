import type { Exchange } from "../../../http/exchange.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { cookieValue } from "../sticky.ts";

/** `hash`: what of a request says to whom it goes. Exactly one is given. */
export interface HashOptions {
  readonly header?: string | undefined;
  readonly cookie?: string | undefined;
  /** A parameter of the query. */
  readonly query?: string | undefined;
  /** The path, without the query. */
  readonly path?: boolean | undefined;
}

/** What is hashed for a request. */
export type HashKey = (exchange: Exchange, request: Request | undefined) => string;

/** The client: the address of the connection's peer. */
export const peerAddress: HashKey = (exchange) => exchange.downstream.remote.ip;

/** By these options; the client where a request has no such thing, or an empty one. */
export function hashKey(options: HashOptions | undefined): HashKey {
  const read = options === undefined ? null : reader(options);
  if (read === null) return peerAddress;
  return (exchange, request) => {
    const value = request === undefined ? null : read(LazyRequest.of(request, exchange));
    return value === null || value === "" ? peerAddress(exchange, request) : value;
  };
}

function reader({
  header,
  cookie,
  query,
  path,
}: HashOptions): ((request: LazyRequest) => string | null) | null {
  if (header !== undefined) {
    const name = header.toLowerCase();
    return name === "host" ? ({ host }) => host : ({ headerList }) => headerList.get(name);
  }
  if (cookie !== undefined) return ({ headerList }) => cookieValue(headerList, cookie);
  if (query !== undefined)
    return ({ target }) => {
      const at = target.indexOf("?");
      return at < 0 ? null : new URLSearchParams(target.slice(at + 1)).get(query);
    };
  return path === true ? ({ target }) => target.split("?", 1)[0] : null;
}
