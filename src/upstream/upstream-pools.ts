import { type TransportContext, type TransportOptions, UpstreamPool } from "./upstream-pool.ts";

/**
 * All pools of the process, one for each server and transport: services that name the same server
 * share its connections, and a reload that still names it keeps them.
 */
export class UpstreamPools {
  private readonly context: TransportContext;
  private readonly pools = new Map<string, UpstreamPool>();
  private used = new Set<UpstreamPool>();

  constructor(context: TransportContext) {
    this.context = context;
  }

  get(hostname: string, port: number, options: TransportOptions): UpstreamPool {
    const key = JSON.stringify([hostname, port, options]);
    let pool = this.pools.get(key);
    if (pool === undefined) {
      pool = new UpstreamPool(hostname, port, options, this.context);
      this.pools.set(key, pool);
    }
    return pool;
  }

  /** Notes who still uses a pool; everything that nobody has noted is closed by `closeUnused`. */
  retain(pool: UpstreamPool): void {
    this.used.add(pool);
  }

  /** Closes the pools that weren't retained since the last call. */
  closeUnused(): void {
    for (const [key, pool] of this.pools) {
      if (this.used.has(pool)) continue;
      this.pools.delete(key);
      pool.close();
    }
    this.used = new Set();
  }

  close(): void {
    for (const pool of this.pools.values()) pool.close();
    this.pools.clear();
  }
}
