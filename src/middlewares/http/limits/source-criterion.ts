import { latin1Bytes } from "../../../core/bytes.ts";
import { sha256 } from "../../../core/digests/sha256.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { type IpStrategyOptions, ipStrategy } from "../../../http/ip-strategy.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";

/** Characters of a source: what counts it remembers it, and clients choose the value. */
const MOST = 256;

/** `sourceCriterion`: what makes requests those of one source. */
export interface SourceCriterion {
  readonly ipStrategy?: IpStrategyOptions | undefined;
  readonly requestHeaderName?: string | undefined;
  readonly requestHost?: boolean | undefined;
}

/** A request's source; "" where the criterion finds none, which is a source as well. */
export type SourceOf = (request: LazyRequest, exchange: Exchange) => string;

/**
 * Makes a criterion, or what holds without one. Throws where there are two.
 * Source: Traefik's pkg/middlewares/extractor.go. A host is without its port here and in lower case,
 * so that spelling it otherwise makes no other source.
 */
export function sourceOf(
  criterion: SourceCriterion | undefined,
  otherwise: SourceCriterion,
): SourceOf {
  const given = criterion === undefined ? [] : named(criterion);
  if (given.length > 1)
    throw new Error(`sourceCriterion: expected one criterion, found ${given.join(", ")}`);
  const { ipStrategy: strategy, requestHeaderName } =
    given.length === 0 || criterion === undefined ? otherwise : criterion;
  if (strategy !== undefined) return ipStrategy(strategy);
  if (requestHeaderName) {
    const name = requestHeaderName.toLowerCase();
    return (request) => {
      const value = request.headerList.first(name) ?? "";
      // One digest is one value.
      return value.length <= MOST ? value : sha256(latin1Bytes(value)).toHex();
    };
  }
  return (request, exchange) => exchange.routingHost || request.host.toLowerCase();
}

function named({ ipStrategy, requestHeaderName, requestHost }: SourceCriterion): string[] {
  const names: string[] = [];
  if (ipStrategy !== undefined) names.push("ipStrategy");
  if (requestHeaderName) names.push("requestHeaderName");
  if (requestHost) names.push("requestHost");
  return names;
}
