import { firstLabelEnd } from "../rules/host-pattern.ts";

/** What a ClientHello's server name means for the HTTPS routers of an entrypoint. */
export interface TlsHost {
  /** Qualified name of the TLS options to use. */
  readonly options: string;
  /** No router names this host: routers without a host may still serve it. */
  readonly catchAll: boolean;
}

/** An HTTP router with TLS, as far as the choice of TLS options goes. */
export interface TlsRouter {
  readonly name: string;
  /** The hosts that its rule names; `*.x` as "*.x", all as "*". */
  readonly hosts: readonly string[];
  /** Qualified, or "default". */
  readonly options: string;
}

/** A router that doesn't get the options that it names. */
export interface TlsConflict {
  readonly name: string;
  readonly message: string;
  /** True where it would lose the client certificates that it asks for: it must not be served. */
  readonly refused: boolean;
}

/** What a set of options asks of clients' certificates; "" for nothing. Equal for equal demands. */
export type ClientDemands = (options: string) => string;

const DEFAULT = "default";
const CATCH_ALL: TlsHost = { options: DEFAULT, catchAll: true };

/**
 * Finds the TLS options for a server name, of which only one set can be: the certificate and the
 * demands on the client come before the request. A host that routers name with different options has
 * the default ones, and so have all routers of that host; a router without a host can't have any but
 * the default ones. A router that would lose the client certificates that it asks for is refused;
 * Traefik serves it without. Sources: Traefik's pkg/server/aggregator.go (findConflictingRouters) and
 * pkg/server/router/tcp/manager.go (buildEntryPointHandler).
 */
export class TlsHosts {
  /** The options that each router really has, by its name. */
  readonly resolved: ReadonlyMap<string, string>;
  /** Routers that don't get the options that they name, and why. */
  readonly conflicts: readonly TlsConflict[];
  private readonly exact = new Map<string, TlsHost>();
  /** By what stands behind the first label. */
  private readonly wildcard = new Map<string, TlsHost>();
  private readonly others: TlsHost | null;

  constructor(routers: readonly TlsRouter[], demands: ClientDemands = () => "") {
    const resolved = new Map<string, string>();
    const conflicts: TlsConflict[] = [];
    const refused = new Set<string>();
    const conflictOf = (name: string, options: string, message: string, instead: string) => {
      const lost = demands(options) !== "" && demands(options) !== demands(DEFAULT);
      if (lost) refused.add(name);
      const outcome = lost
        ? "the client certificates that they ask for would be lost, and the router is disabled"
        : instead;
      conflicts.push({ name, message: `${message}: ${outcome}`, refused: lost });
    };
    const contested = contestedHosts(routers);
    let catchAll = false;
    for (const { name, hosts, options } of routers) {
      const conflict = hosts.find((host) => contested.has(host));
      const applied = hosts.length > 0 && conflict === undefined;
      resolved.set(name, applied ? options : DEFAULT);
      if (!applied && options !== DEFAULT) {
        const reason =
          conflict === undefined
            ? "the rule names no host"
            : `other routers on the same entryPoint name the host "${conflict}" with other TLS options`;
        const message = `${reason}, and the TLS options "${options}" cannot be applied`;
        conflictOf(name, options, message, "the default ones are used instead");
      }
      if (hosts.length === 0 && !refused.has(name)) catchAll = true;
    }
    let others = catchAll ? CATCH_ALL : null;
    for (const { name, hosts } of routers) {
      // What is not served has no hosts: they may be those of another router, or of TCP.
      if (refused.has(name)) continue;
      const options = resolved.get(name)!;
      for (const host of hosts) {
        if (host === "*") others = { options, catchAll: true };
        else if (host.startsWith("*.")) keep(this.wildcard, host.slice(1), options);
        else keep(this.exact, host, options);
      }
    }
    this.resolved = resolved;
    this.conflicts = conflicts;
    this.others = others;
  }

  /** True where no HTTP router here has TLS. */
  get empty(): boolean {
    return this.exact.size === 0 && this.wildcard.size === 0 && this.others === null;
  }

  /** `serverName` in lower case, "" for none. Null where no HTTPS router is for it. */
  find(serverName: string): TlsHost | null {
    const exact = this.exact.get(serverName);
    if (exact !== undefined) return exact;
    if (this.wildcard.size > 0) {
      const wildcard = this.wildcard.get(serverName.slice(firstLabelEnd(serverName)));
      if (wildcard !== undefined) return wildcard;
    }
    return this.others;
  }
}

/** A router that fell back because of another of its hosts doesn't take this one's options away. */
function keep(hosts: Map<string, TlsHost>, host: string, options: string): void {
  if (options === DEFAULT && hosts.has(host)) return;
  hosts.set(host, { options, catchAll: false });
}

/** Hosts that routers name with more than one set of options. */
function contestedHosts(routers: readonly TlsRouter[]): ReadonlySet<string> {
  const options = new Map<string, string>();
  const contested = new Set<string>();
  for (const router of routers) {
    for (const host of router.hosts) {
      const before = options.get(host);
      if (before === undefined) options.set(host, router.options);
      else if (before !== router.options) contested.add(host);
    }
  }
  return contested;
}
