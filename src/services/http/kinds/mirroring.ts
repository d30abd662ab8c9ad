import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { Handler } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { sideExchange } from "../../../http/side-exchange.ts";
import { healthOfChild } from "../../health/health.ts";
import type { HttpServiceChild, HttpServiceKind } from "../http-service.ts";
import { RecordedBody } from "../recorded-body.ts";

/** A service that hears a share of the requests. */
interface Mirror extends HttpServiceChild {
  readonly percent: number;
}

/**
 * `mirroring`: `service` answers, and a share of the requests goes to the mirrors too, one after the
 * other, when the answer has been sent; what mirrors answer is dropped. A request that its client left,
 * one with a body above `maxBodySize`, and an upgrade are not mirrored. The body goes on as it comes;
 * Traefik reads the whole of it first. Source: Traefik's pkg/server/service/loadbalancer/mirror/mirror.go.
 */
export const mirroring: HttpServiceKind<"mirroring"> = {
  services: ({ service, mirrors = [] }) => [service, ...mirrors.map(({ name }) => name)],
  create(options, { name, services: [main, ...others], logger, counters }) {
    const { mirrorBody, maxBodySize, healthCheck } = options;
    // Mirrors' health counts for nothing.
    const health = healthCheck === undefined ? null : healthOfChild(main.health, main.name, name);
    const mirrors = others.map(
      (child, i): Mirror => ({ ...child, percent: options.mirrors![i].percent }),
    );
    const requests = counters.cells(`${name} mirroring`, 1);
    const handler: Handler = (request, exchange) => {
      const total = requests.locked(() => ++requests.numbers[0]);
      const chosen = mirrors.filter(
        ({ percent }) => shareOf(total, percent) > shareOf(total - 1, percent),
      );
      const lazy = LazyRequest.of(request, exchange);
      if (chosen.length > 0 && lazy.upgrade === "") {
        const copy = new RequestCopy(lazy, exchange, mirrorBody, maxBodySize);
        exchange.retain();
        exchange.onFinish(() => {
          if (exchange.aborted === null) void copy.sendTo(chosen, logger);
        });
      }
      return main.handler(lazy, exchange);
    };
    return { handler, health, stop() {} };
  },
};

/** How many of so many requests a mirror hears. */
function shareOf(total: number, percent: number): number {
  return Math.ceil((total * percent) / 100);
}

/** A request as it was when it came to the service, and what became of its body. */
class RequestCopy {
  private readonly original: Pick<
    LazyRequest,
    "method" | "scheme" | "host" | "target" | "headerList" | "emptyPath" | "forwardPeer"
  >;
  private readonly exchange: Exchange;
  private readonly body: RecordedBody | null;

  constructor(request: LazyRequest, exchange: Exchange, mirrorBody: boolean, maxBodySize: number) {
    const { method, scheme, host, target, emptyPath, forwardPeer } = request;
    const headerList = request.headerList.clone();
    this.original = { method, scheme, host, target, headerList, emptyPath, forwardPeer };
    this.exchange = exchange;
    if (request.hasBody && !mirrorBody) for (const name of BODY_FIELDS) headerList.delete(name);
    const body = mirrorBody ? request.takeBody() : null;
    if (body === null) {
      this.body = null;
      return;
    }
    this.body = new RecordedBody(body, maxBodySize);
    request.setBody(this.body.body);
  }

  /** Never rejects. */
  async sendTo(mirrors: readonly Mirror[], logger: Logger): Promise<void> {
    const bytes = this.body === null ? null : this.body.bytes();
    if (this.body !== null && bytes === null) return;
    for (const { name, handler } of mirrors) {
      const exchange = sideExchange(this.exchange);
      try {
        const response = await handler(this.request(exchange, bytes), exchange);
        await drained(LazyResponse.of(response).takeBody());
      } catch (error) {
        logger.debug("A mirrored request failed", { serviceName: name, error: messageOf(error) });
      } finally {
        exchange.finish();
      }
    }
  }

  private request(exchange: Exchange, bytes: Uint8Array | null): LazyRequest {
    const { method, scheme, host, target, headerList, emptyPath, forwardPeer } = this.original;
    const body = bytes === null ? null : Body.of(bytes);
    const headers = headerList.clone();
    const copy = new LazyRequest(exchange, method, scheme, host, target, headers, body);
    copy.emptyPath = emptyPath;
    copy.forwardPeer = forwardPeer;
    return copy;
  }
}

const BODY_FIELDS = ["content-length", "transfer-encoding", "trailer"];

/** Resolves when a body has come to its end; rejects where it breaks off. */
function drained(body: Body | null): Promise<void> {
  return new Promise((resolve, reject) => {
    if (body === null) resolve();
    else body.pipe({ bodyChunk() {}, bodyFlush() {}, bodyEnd: resolve, bodyFail: reject });
  });
}
