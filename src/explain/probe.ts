import type { EntryPointConfiguration } from "../config/static/entry-points.ts";
import { Exchange, NO_DOWNSTREAM } from "../http/exchange.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { entryPointWay } from "../request/chain.ts";
import { requestDecorator } from "../request/request-decorator.ts";
import { HeaderList } from "../wire/header-list.ts";
import type { ExplainQuery } from "./explain-query.ts";

/** A request as routers see it, behind the entrypoint's own links. */
export interface Probe {
  readonly request: LazyRequest;
  readonly exchange: Exchange;
  /** The status that the entrypoint answers by itself; undefined where the request comes to the routers. */
  readonly refused: number | undefined;
}

/** Sends a request that doesn't exist down the real way to the routers, and no further. */
export async function probe(
  query: ExplainQuery,
  name: string,
  configuration: EntryPointConfiguration,
): Promise<Probe> {
  const { url, method, ip } = query;
  const headers = new HeaderList();
  const named = query.headers.find(([field]) => field.toLowerCase() === "host");
  const host = named?.[1] ?? url.host;
  headers.append("Host", host);
  for (const [field, value] of query.headers)
    if (field.toLowerCase() !== "host") headers.append(field, value);
  const exchange = new Exchange({
    ...NO_DOWNSTREAM,
    entryPoint: name,
    remote: { ip, port: 0 },
  });
  const target = `${url.pathname}${url.search}`;
  const scheme = url.protocol.slice(0, -1);
  let seen = new LazyRequest(exchange, method, scheme, host, target, headers, null);
  exchange.method = method;
  exchange.target = target;
  exchange.host = host;
  exchange.retain();
  let arrived = false;
  const way = entryPointWay(
    {
      path: configuration.http,
      forwardedHeaders: { ...configuration.forwardedHeaders, serverName: "" },
    },
    requestDecorator()((request) => {
      arrived = true;
      seen = LazyRequest.of(request, exchange);
      return new Response();
    }),
  );
  const { status } = await way(seen, exchange);
  return { request: seen, exchange, refused: arrived ? undefined : status };
}
