import { Router } from "itty-router";
import type { Handler } from "../http/handler.ts";
import { LazyResponse, reasonOf } from "../http/lazy/lazy-response.ts";
import { HeaderList } from "../wire/header-list.ts";

export interface PingOptions {
  /** The status while Sluice is shutting down; 503 by default. */
  readonly terminatingStatusCode?: number;
  /** True from the moment of the signal to stop. */
  readonly terminating: () => boolean;
}

/** Registers what an internal service answers; routes come in the order of registration. */
type Routes = (router: ReturnType<typeof Router>) => void;

/** An internal service from its routes; 404 where none matches. */
function internalService(routes: Routes): Handler {
  const router = Router();
  routes(router);
  router.all("*", () => LazyResponse.text(404, "404 page not found\n"));
  return (request) => router.fetch(request);
}

/**
 * `ping@internal`: "OK" while Sluice runs. It answers on every path, so that a router of the user's
 * own (`ping.manualRouting`) may put it anywhere. Source: Traefik's pkg/ping/ping.go.
 */
export function pingHandler(options: PingOptions): Handler {
  const { terminatingStatusCode = 503, terminating } = options;
  return internalService((router) => {
    router.all("*", () => {
      const status = terminating() ? terminatingStatusCode : 200;
      return LazyResponse.text(status, reasonOf(status));
    });
  });
}

/** `noop@internal`: what stands behind routers whose middlewares answer; 418 otherwise, as Traefik's. */
export const noopHandler: Handler = () => new LazyResponse(418, new HeaderList(), null);
