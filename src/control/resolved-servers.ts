import type { LoadBalancer, Server } from "../config/dynamic/schema.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { parseIp } from "../net/address.ts";
import { parseServerUrl } from "../net/server-url.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

export interface ResolvedServersOptions {
  /** All addresses of a name. Rejects where it has none, or where they can't be had. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
  readonly logger: Pick<Logger, "info" | "warn">;
  /** A name has other addresses than the last snapshot says. */
  readonly changed: () => void;
}

/** How long a configuration waits for names that it has first, in milliseconds. */
const PATIENCE = 500;
/** Milliseconds between two looks at a name at the least. */
const SHORTEST = 1000;
/** Addresses of a name that are used. */
const MOST = 256;

/** A host, behind the scheme and in front of a port or a path. IPv6 addresses have brackets. */
const HOST = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?)([^/?#:@[\]]+)/i;

/**
 * `loadBalancer.resolve`: makes one server for each address of those that a name stands for, and looks
 * regularly whether they have changed. It runs once in the process, and the snapshot brings the servers to
 * the data planes. A name that can't be resolved keeps the addresses that it had; one that never could
 * stays a name, which is dialled as without the option.
 */
export class ResolvedServers {
  private readonly options: ResolvedServersOptions;
  private names = new Map<string, WatchedName>();
  private stopped = false;

  constructor(options: ResolvedServersOptions) {
    this.options = options;
  }

  /** The snapshot with a server for each address. */
  async expand(snapshot: Snapshot): Promise<Snapshot> {
    if (this.stopped) return snapshot;
    await this.watch(intervalsOf(snapshot));
    const services = { ...snapshot.services };
    let expanded = false;
    for (const [name, service] of Object.entries(services)) {
      const { loadBalancer } = service;
      if (loadBalancer?.resolve === undefined || loadBalancer.servers === undefined) continue;
      const servers = loadBalancer.servers.flatMap((server) => this.serversOf(server));
      services[name] = { ...service, loadBalancer: { ...loadBalancer, servers } };
      expanded = true;
    }
    return expanded ? { ...snapshot, services } : snapshot;
  }

  stop(): void {
    this.stopped = true;
    for (const name of this.names.values()) name.stop();
    this.names.clear();
  }

  private async watch(intervals: ReadonlyMap<string, number>): Promise<void> {
    const before = this.names;
    this.names = new Map();
    const first: Promise<void>[] = [];
    for (const [name, interval] of intervals) {
      const known = before.get(name);
      if (known !== undefined) {
        known.interval = interval;
        this.names.set(name, known);
        continue;
      }
      const watched = new WatchedName(name, interval, this.options);
      this.names.set(name, watched);
      first.push(watched.look());
    }
    for (const [name, watched] of before) if (!this.names.has(name)) watched.stop();
    if (first.length === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE);
    });
    await Promise.race([Promise.all(first), enough]);
    clearTimeout(timer);
    // Whatever comes later is a change.
    for (const watched of this.names.values()) watched.applied = true;
  }

  private serversOf(server: Server): readonly Server[] {
    const name = nameOf(server.url ?? "");
    const addresses = name === undefined ? undefined : this.names.get(name)?.addresses;
    if (addresses === undefined) return [server];
    return addresses.map((address) => ({
      ...server,
      url: (server.url ?? "").replace(HOST, (_, scheme: string) =>
        address.includes(":") ? `${scheme}[${address}]` : scheme + address,
      ),
      name,
    }));
  }
}

/** The name in a server's URL; undefined where that is an address, or a Unix socket. */
function nameOf(url: string): string | undefined {
  const name = parseServerUrl(url)?.hostname;
  if (name === undefined || name === "" || name.startsWith("[")) return undefined;
  return parseIp(name) === undefined && HOST.test(url) ? name : undefined;
}

/** How often each name is looked at: as often as the most eager of its services wants. */
function intervalsOf({ services }: Snapshot): Map<string, number> {
  const intervals = new Map<string, number>();
  for (const { loadBalancer } of Object.values(services)) {
    if (loadBalancer?.resolve === undefined) continue;
    const interval = Math.max(SHORTEST, loadBalancer.resolve.interval);
    for (const { url = "" } of loadBalancer.servers ?? []) {
      const name = nameOf(url);
      if (name !== undefined)
        intervals.set(name, Math.min(interval, intervals.get(name) ?? Number.POSITIVE_INFINITY));
    }
  }
  return intervals;
}

/** One name, and the addresses that it had when they could be had last. */
class WatchedName {
  interval: NonNullable<LoadBalancer["resolve"]>["interval"];
  /** Sorted, none twice; undefined before the first answer. */
  addresses: readonly string[] | undefined;
  /** A snapshot has been made since it is watched. */
  applied = false;
  private readonly name: string;
  private readonly options: ResolvedServersOptions;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failed = false;
  private stopped = false;

  constructor(name: string, interval: number, options: ResolvedServersOptions) {
    this.name = name;
    this.interval = interval;
    this.options = options;
  }

  /** Resolves when the name has been looked at, with whatever outcome. */
  async look(): Promise<void> {
    const { name, options } = this;
    try {
      const found = usable(await options.lookup(name));
      if (this.stopped) return;
      if (found.length === 0) throw new Error("it has no addresses");
      if (this.failed) options.logger.info("A server's name is resolved again", { name });
      this.failed = false;
      const isNew = this.addresses?.join() !== found.join();
      this.addresses = found;
      if (isNew && this.applied) options.changed();
    } catch (error) {
      if (this.stopped) return;
      if (!this.failed)
        options.logger.warn("A server's name can't be resolved: its last addresses are kept", {
          name,
          addresses: this.addresses?.length ?? 0,
          error: messageOf(error),
        });
      this.failed = true;
    }
    this.timer = setTimeout(() => void this.look(), this.interval);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}

/** Canonical, sorted, each once. Link-local ones with a zone are of no use in a URL. */
function usable(addresses: readonly string[]): string[] {
  const found = new Set<string>();
  for (const address of addresses) {
    const ip = parseIp(address);
    if (ip !== undefined) found.add(ip);
  }
  return [...found].sort().slice(0, MOST);
}
