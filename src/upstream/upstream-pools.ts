import type { UpstreamAddress } from "./call-pool.ts";
import type { Transport } from "./transport.ts";
import { type TransportContext, UpstreamPool } from "./upstream-pool.ts";

/**
 * All pools of the process, one for each server and transport: services that name the same server
 * share its connections, and a reload that still names it keeps them.
 */
export class UpstreamPools {
  private readonly context: TransportContext;
  private readonly pools = new Map<Transport, Map<string, UpstreamPool>>();
  private used = new Set<UpstreamPool>();

  constructor(context: TransportContext) {
    this.context = context;
  }

  get(
    { protocol, hostname, port, serverName }: UpstreamAddress,
    transport: Transport,
  ): UpstreamPool {
    let pools = this.pools.get(transport);
    if (pools === undefined) {
      pools = new Map();
      this.pools.set(transport, pools);
    }
    // Connections are of no use under another name.
    const key = `${protocol}://${hostname}:${port} ${protocol === "https" ? (serverName ?? "") : ""}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = new UpstreamPool({ protocol, hostname, port, serverName }, transport, this.context);
      pools.set(key, pool);
    }
    return pool;
  }

  /** Notes who still uses a pool; every pool without a note is closed by `closeUnused`. */
  retain(pool: UpstreamPool): void {
    this.used.add(pool);
  }

  /** Closes the pools that weren't retained since the last call. */
  closeUnused(): void {
    for (const [transport, pools] of this.pools) {
      for (const [key, pool] of pools) {
        if (this.used.has(pool)) continue;
        pools.delete(key);
        pool.close();
      }
      if (pools.size === 0) this.pools.delete(transport);
    }
    this.used = new Set();
  }

  close(): void {
    for (const pools of this.pools.values()) for (const pool of pools.values()) pool.close();
    this.pools.clear();
  }
}
