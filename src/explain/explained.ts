import type { FailedPart } from "./rule-report.ts";

/** An element on the way, with what is wrong with it. */
export interface ExplainedElement {
  /** Qualified. */
  readonly name: string;
  readonly type: string | undefined;
  readonly status: string;
  readonly errors: readonly string[];
}

export interface ExplainedServer {
  /** A URL. */
  readonly url: string;
  readonly status: "UP" | "DOWN" | "DRAINING";
}

export interface ExplainedService extends ExplainedElement {
  readonly strategy: string | undefined;
  readonly servers: readonly ExplainedServer[];
  /** Of services made of others, with what each is for. */
  readonly services: readonly { readonly role: string; readonly service: ExplainedService }[];
}

/** A router, and what keeps the request from it. */
export interface ExplainedRouter extends ExplainedElement {
  readonly rule: string;
  /** A decimal number. */
  readonly priority: string;
  readonly matches: boolean;
  readonly failed: readonly FailedPart[];
}

export interface ExplainedTls {
  /** Qualified, or "default". */
  readonly options: string;
  readonly certificate:
    | {
        readonly commonName: string;
        readonly sans: readonly string[];
        readonly notAfter: string;
        readonly status: string;
      }
    /** Made by Sluice itself: clients don't trust it. */
    | "generated";
  /** The resolver that orders one for this name when a client asks for it, if its hook allows the name. */
  readonly onDemand?: string;
}

/** What a request would meet. */
export interface Explanation {
  readonly request: {
    readonly url: string;
    readonly method: string;
    /** As rules match them. */
    readonly host: string;
    readonly path: string;
    readonly ip: string;
    readonly tls: boolean;
  };
  /**
   * "routed": a router takes it; "not found": 404; "refused": the entrypoint answers by itself;
   * "tcp": a TCP router takes the connection; "no entrypoint": nothing listens there.
   */
  readonly outcome: "routed" | "not found" | "refused" | "tcp" | "no entrypoint";
  /** What happens and what would have to change, in sentences. */
  readonly summary: readonly string[];
  readonly entryPoint: { readonly name: string; readonly address: string } | undefined;
  readonly tls: ExplainedTls | undefined;
  readonly router: ExplainedRouter | undefined;
  /** Those below the router that take the request further, in order. */
  readonly layers: readonly ExplainedRouter[];
  /** In order, those of chains in their places. */
  readonly middlewares: readonly ExplainedElement[];
  readonly service: ExplainedService | undefined;
  /** How many routers the entrypoint has, or the last one that took the request has below it. */
  readonly routerCount: number;
  /** Others that match, then those that don't, nearest first. */
  readonly others: readonly ExplainedRouter[];
}
