import type { Handler } from "../http/handler.ts";
import type { RuleCache } from "../routers/compiled-rule.ts";
import type { TlsHosts } from "../routers/tls-hosts.ts";
import type { HttpService } from "../services/http/http-service.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";
import type { Upstream } from "./service-builder.ts";

/** A service that runs. It survives a reload that doesn't change it, with its pools and balancer state. */
export interface RunningService {
  readonly service: HttpService;
  /** What it was made from, children included: equal means that it may be kept. */
  readonly fingerprint: string;
  readonly upstreams: readonly Upstream[];
  readonly children: readonly RunningService[];
}

/** A router that runs. */
export interface RunningRouter {
  readonly handler: Handler;
  readonly fingerprint: string;
  readonly service: RunningService;
}

/** One compiled configuration; never changed after it was built. */
export interface Graph {
  readonly snapshot: Snapshot;
  /** The chain behind each entrypoint's switch. */
  readonly entryPoints: ReadonlyMap<string, Handler>;
  /** By entrypoint: the TLS options for a server name. */
  readonly tlsHosts: ReadonlyMap<string, TlsHosts>;
  readonly services: ReadonlyMap<string, RunningService>;
  readonly routers: ReadonlyMap<string, RunningRouter>;
  readonly rules: RuleCache;
  /** What the snapshot disabled, and what could not be compiled. */
  readonly disabled: readonly DisabledElement[];
}
