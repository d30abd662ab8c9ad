import { ProxyError } from "../../../../core/errors.ts";
import type { Exchange } from "../../../../http/exchange.ts";
import { type Handler, whenResponse } from "../../../../http/handler.ts";
import { httpError } from "../../../../http/http-error.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../http/lazy/lazy-response.ts";
import { Health } from "../../../health/health.ts";
import { Balancer } from "../../balancer.ts";
import type { HttpService, HttpServiceContext, ServiceInstances } from "../../http-service.ts";
import { named } from "../../http-service.ts";
import { noAvailableServer } from "../../no-available-server.ts";
import { STRATEGIES } from "../../strategies/table.ts";
import { CLIENT_FIELD, clientField } from "./client-field.ts";
import { instanceAddress } from "./instance-address.ts";

/** How long a request waits for an instance, in milliseconds, and how many may wait. */
const PATIENCE = 5_000;
const MOST_WAITING = 1_000;

/** Sent twice, these do no more than sent once (RFC 9110 section 9.2.2); without a body they can be sent again. */
const REPEATABLE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

const AGAIN = new ProxyError("aborted", "internal", "The request goes to another instance");

/**
 * A function in processes of its own. Requests go to instances that are ready, or wait a moment for one. One whose
 * instance ends goes to another one where that is safe, and else is answered with 503.
 */
export function isolatedService(
  context: HttpServiceContext,
  instances: ServiceInstances | undefined,
): HttpService {
  const { name, verdicts } = context;
  if (instances === undefined)
    return { handler: named(name, noAvailableServer), health: null, stop() {} };
  const addresses = instances.sockets.map((socket) =>
    instanceAddress(socket, instances.transport.transport),
  );
  const health = new Health(false);
  const ups = addresses.map(() => false);
  const report = (index: number, up: boolean): void => {
    if (ups[index] === up) return;
    ups[index] = up;
    balancer.setUp(index, up);
    health.set(balancer.anyUp);
  };
  const members = addresses.map((address, index) => {
    const server = context.server(address);
    const handler: Handler = (request, exchange) =>
      whenResponse(server(request, exchange), exchange, (response) => {
        // A connection that broke off may be one response's matter. The supervisor says when there is one again.
        if (isUnsent(exchange)) report(index, false);
        return response;
      });
    return { name: address.url, weight: 1, handler, up: false };
  });
  const balancer = new Balancer(members, STRATEGIES.wrr, null);
  for (const index of members.keys()) balancer.setUp(index, false);
  const unwatch = verdicts.watch(
    "http",
    name,
    addresses.map(({ url }) => url),
    report,
  );
  const dispatcher = new Dispatcher(balancer, health, members.length);
  return {
    handler: named(name, (request, exchange) => {
      const lazy = LazyRequest.of(request, exchange);
      lazy.headerList.set(CLIENT_FIELD, clientField(exchange, lazy.scheme));
      return dispatcher.dispatch(lazy, exchange);
    }),
    health,
    stop: unwatch,
  };
}

/** True where the instance went away, or isn't there: a response that takes too long is none of that. */
function isGone({ error }: Exchange): boolean {
  return (
    error instanceof ProxyError && error.source === "upstream" && error.code !== "response-timeout"
  );
}

/** True where the instance saw nothing of the request: none is there, as a rule. */
function isUnsent({ error }: Exchange): boolean {
  return error instanceof ProxyError && error.source === "upstream" && error.retryable;
}

/** How often a request may still go to another instance. */
interface Chances {
  /** Where none of it was sent. */
  readonly unsent: number;
  /** Where the instance may have seen it: it may be what ended it, and must not end all others. */
  readonly sent: number;
}

/** Finds instances for the requests of one service. */
class Dispatcher {
  private readonly balancer: Balancer;
  private readonly health: Health;
  private readonly chances: Chances;
  private waiting = 0;

  constructor(balancer: Balancer, health: Health, instances: number) {
    this.balancer = balancer;
    this.health = health;
    this.chances = { unsent: instances, sent: 1 };
  }

  dispatch(request: LazyRequest, exchange: Exchange): Response | Promise<Response> {
    if (!this.balancer.anyUp) return this.wait(request, exchange, this.chances);
    return this.send(request, exchange, this.chances);
  }

  private send(
    request: LazyRequest,
    exchange: Exchange,
    { unsent, sent }: Chances,
  ): Response | Promise<Response> {
    // What sends it leaves it as it is, but for its body.
    const whole = !request.hasBody && request.upgrade === "";
    return whenResponse(this.balancer.handler(request, exchange), exchange, (response) => {
      if (!isGone(exchange) || exchange.aborted !== null) return response;
      // Two tries have had it.
      exchange.retain();
      LazyResponse.of(response).takeBody()?.cancel(AGAIN);
      const again = isUnsent(exchange);
      const may = again ? unsent > 0 : sent > 0 && REPEATABLE.has(request.method);
      if (!whole || !may) return unavailable();
      exchange.retries++;
      exchange.error = null;
      const left = again ? { unsent: unsent - 1, sent } : { unsent, sent: sent - 1 };
      if (this.balancer.anyUp) return this.send(request, exchange, left);
      return this.wait(request, exchange, left);
    });
  }

  private async wait(
    request: LazyRequest,
    exchange: Exchange,
    chances: Chances,
  ): Promise<Response> {
    if (this.waiting >= MOST_WAITING) return unavailable();
    exchange.retain();
    this.waiting++;
    try {
      await this.untilUp(exchange);
    } finally {
      this.waiting--;
    }
    if (!this.balancer.anyUp) return unavailable();
    return this.send(request, exchange, chances);
  }

  /** Resolves when an instance is ready, when the client goes away, or after the patience. */
  private untilUp(exchange: Exchange): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(done, PATIENCE);
      const unsubscribe = this.health.subscribe((up) => {
        if (up) done();
      });
      exchange.onAbort(done);
    });
  }
}

function unavailable(): Response {
  return httpError(503, "no available server");
}
