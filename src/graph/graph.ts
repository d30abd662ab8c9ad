import type { Handler } from "../http/handler.ts";
import type { HttpMiddleware } from "../middlewares/http/http-middleware.ts";
import type { RuleCache } from "../routers/compiled-rule.ts";
import type { TlsHosts } from "../routers/tls-hosts.ts";
import type { HttpService } from "../services/http/http-service.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";
import type { Running } from "./element-builder.ts";
import type { HttpRouter } from "./http/http-routers.ts";

/** One compiled configuration; never changed after it was built. */
export interface Graph {
  readonly snapshot: Snapshot;
  /** The chain behind each entrypoint's switch. */
  readonly entryPoints: ReadonlyMap<string, Handler>;
  /** By entrypoint: the TLS options for a server name. */
  readonly tlsHosts: ReadonlyMap<string, TlsHosts>;
  readonly services: ReadonlyMap<string, Running<HttpService>>;
  readonly middlewares: ReadonlyMap<string, Running<HttpMiddleware>>;
  readonly routers: ReadonlyMap<string, Running<HttpRouter>>;
  /** How many routers may get requests. */
  readonly routerCount: number;
  /** All that runs, by name or not. */
  readonly elements: ReadonlySet<Running>;
  readonly rules: RuleCache;
  /** What has errors: in the snapshot, or where it was compiled. */
  readonly disabled: readonly DisabledElement[];
}
