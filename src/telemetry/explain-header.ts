import type { Exchange } from "../http/exchange.ts";
import { type Middleware, whenResponse } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";
import type { Observer } from "./observer.ts";

const NAME = "Sluice-Explain";
const LOWER_NAME = NAME.toLowerCase();

/**
 * Has a request that brings the token in `Sluice-Explain` answered with a field of that name, a dictionary
 * (RFC 9651 section 3.2): entrypoint, router, the middlewares that it came to in order, service, server and
 * tries. The token never reaches a server. A request with another token is one without. Ours.
 */
export function explainHeaderObserver(token: string): Observer {
  /** The middlewares that requests with the token have come to. */
  const asked = new Map<Exchange, string[]>();
  return {
    entryPoint({ entryPoint }) {
      const link: Middleware = (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const { headerList } = lazy;
        const found = headerList.first(LOWER_NAME);
        if (found === null) return next(lazy, exchange);
        headerList.delete(LOWER_NAME);
        if (!sameText(found, token)) return next(lazy, exchange);
        asked.set(exchange, []);
        exchange.onFinish(() => asked.delete(exchange));
        return whenResponse(next(lazy, exchange), exchange, (response) => {
          const answer = LazyResponse.of(response);
          const value = explained(entryPoint, asked.get(exchange) ?? [], exchange);
          answer.headerList.setOther(NAME, LOWER_NAME, value);
          return answer;
        });
      };
      return link;
    },
    middleware({ middleware }) {
      return (wrapped) => (next) => {
        const inner = wrapped(next);
        return (request, exchange) => {
          if (asked.size > 0) asked.get(exchange)?.push(middleware);
          return inner(request, exchange);
        };
      };
    },
  };
}

function explained(entryPoint: string, middlewares: readonly string[], exchange: Exchange): string {
  const { router, service, serverUrl, retries } = exchange;
  const members = [`entryPoint=${quoted(entryPoint)}`];
  if (router !== "") members.push(`router=${quoted(router)}`);
  if (middlewares.length > 0) members.push(`middlewares=(${middlewares.map(quoted).join(" ")})`);
  if (service !== "") members.push(`service=${quoted(service)}`);
  if (serverUrl !== "") members.push(`server=${quoted(serverUrl)}`);
  if (retries > 0) members.push(`retries=${retries}`);
  return members.join(", ");
}

/** A string of RFC 9651 section 3.3.3; what is no printable ASCII is percent-encoded. */
function quoted(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]+/g, (part) =>
    encodeURIComponent(part.toWellFormed()),
  );
  return `"${printable.replace(/["\\]/g, "\\$&")}"`;
}

/** Takes as long for every text of one length. */
function sameText(found: string, expected: string): boolean {
  if (found.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < found.length; i++) difference |= found.charCodeAt(i) ^ expected.charCodeAt(i);
  return difference === 0;
}
