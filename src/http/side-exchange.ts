import { Exchange } from "./exchange.ts";

/**
 * An exchange for a request that Sluice makes itself because of another one: a mirror's, or a question to an
 * authentication server. No client waits for it, no log or metric shows it, and nothing that its request
 * meets is noted in the other one. It isn't aborted with the other one; `finish` ends it.
 */
export function sideExchange(exchange: Exchange): Exchange {
  const { downstream, method, target, host, routingPath, routingHost, router } = exchange;
  const { entryPoint, remote, local, tls, tlsOptions, protocol } = downstream;
  const informational = () => {};
  const from = { entryPoint, remote, local, tls, tlsOptions, protocol, informational };
  const side = new Exchange(from);
  return Object.assign(side, { method, target, host, routingPath, routingHost, router });
}
