import type { Exchange } from "../../../http/exchange.ts";
import { type IpStrategyOptions, ipStrategy } from "../../../http/ip-strategy.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { reasonOf } from "../../../http/lazy/lazy-response.ts";
import { portColon, withoutBrackets } from "../../../net/host-port.ts";
import { plainAnswer } from "../plain-answer.ts";

/** The client's address by a strategy, without a port: "192.0.2.1:80", "[::1]:80" in X-Forwarded-For. */
export function clientAddress(
  options: IpStrategyOptions | undefined,
): (request: LazyRequest, exchange: Exchange) => string {
  const strategy = ipStrategy(options);
  return (request, exchange) => {
    const address = strategy(request, exchange);
    const colon = portColon(address);
    return colon < 0 ? address : withoutBrackets(address.slice(0, colon));
  };
}

/** The refusal with that status, 0 for 403. Throws where it is no status that Traefik knows. */
export function refusalWith(kind: string, rejectStatusCode = 0): () => Response {
  const status = rejectStatusCode === 0 ? 403 : rejectStatusCode;
  if (reasonOf(status) === "")
    throw new Error(`${kind}: rejectStatusCode: expected an HTTP status code, found ${status}`);
  const refuse = plainAnswer(status);
  return () => refuse();
}
