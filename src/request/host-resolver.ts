import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { askDnsServer, type DnsServer, parseDnsServer } from "../net/dns/dns-client.ts";
import { CLASS, encodeQuery, RCODE, rcodeName, TYPE } from "../net/dns/dns-message.ts";
import { encodeName, fullyQualified, withoutFinalDot } from "../net/dns/dns-names.ts";
import type { Runtime } from "../net/runtime.ts";

/** `hostResolver` of the static configuration. */
export interface HostResolverOptions {
  /** A file in the form of resolv.conf. */
  readonly resolvConfig: string;
  /** How many CNAME records are followed, one after the other. */
  readonly resolvDepth: number;
}

/** Time limits in milliseconds. */
export interface HostResolverLimits {
  /** For one name server's answer. */
  readonly answer: number;
  /** For all that a host needs, the whole chain. */
  readonly lookup: number;
}

const LIMITS: HostResolverLimits = { answer: 1000, lookup: 3000 };

/** Clients choose the names: these many are remembered, and these many looked up at a time. */
const MOST_KNOWN = 4096;
const MOST_LOOKUPS = 64;

/** How long answers are kept, in milliseconds: at the least and the most, and where there is no CNAME or no answer. */
const SHORTEST = 1000;
const LONGEST = 30 * 60_000;
const WITHOUT = 60_000;
const FAILED = 5000;

interface Known {
  readonly alias: string;
  readonly until: number;
}

interface Cname {
  readonly target: string;
  /** Seconds. */
  readonly ttl: number;
}

/**
 * Finds the name that a host's CNAME records lead to (Traefik's CNAME flattening). What name servers answer
 * is kept for its time to live, within bounds; one lookup serves all requests that wait for it. Source:
 * Traefik's pkg/middlewares/requestdecorator/hostresolver.go.
 */
export class HostResolver {
  private readonly options: HostResolverOptions;
  private readonly runtime: Pick<Runtime, "bindUdp" | "connect" | "files">;
  private readonly logger: Logger;
  private readonly limits: HostResolverLimits;
  private readonly known = new Map<string, Known>();
  private readonly pending = new Map<string, Promise<string>>();

  constructor(
    options: HostResolverOptions,
    runtime: Pick<Runtime, "bindUdp" | "connect" | "files">,
    logger: Logger,
    limits: HostResolverLimits = LIMITS,
  ) {
    this.options = options;
    this.runtime = runtime;
    this.logger = logger;
    this.limits = limits;
  }

  /**
   * The name behind a canonical host: the host itself where it has no CNAME, is an address or no name at
   * all, where name servers fail, and where too many lookups are under way. Never rejects.
   */
  aliasOf(host: string): string | Promise<string> {
    if (!isName(host)) return host;
    const known = this.known.get(host);
    if (known !== undefined && known.until > performance.now()) return known.alias;
    const pending = this.pending.get(host);
    if (pending !== undefined) return pending;
    if (this.pending.size >= MOST_LOOKUPS) return host;
    const lookup = this.lookUp(host).finally(() => this.pending.delete(host));
    this.pending.set(host, lookup);
    return lookup;
  }

  private async lookUp(host: string): Promise<string> {
    let alias = host;
    let kept = WITHOUT;
    const signal = AbortSignal.timeout(this.limits.lookup);
    try {
      const servers = await this.servers();
      for (let depth = 0; depth < this.options.resolvDepth; depth++) {
        const cname = await this.cnameOf(alias, servers, signal);
        if (cname === null) break;
        alias = cname.target;
        const time = Math.min(Math.max(cname.ttl * 1000, SHORTEST), LONGEST);
        kept = depth === 0 ? time : Math.min(kept, time);
      }
    } catch (error) {
      kept = Math.min(kept, FAILED);
      this.logger.warn("A host's CNAME can't be looked up", { host, error: messageOf(error) });
    }
    this.keep(host, { alias, until: performance.now() + kept });
    return alias;
  }

  /** Those that resolv.conf names, in its order; with ports, if wanted, which resolv.conf can't say elsewhere. */
  private async servers(): Promise<DnsServer[]> {
    const { resolvConfig } = this.options;
    const text = new TextDecoder().decode(await this.runtime.files.read(resolvConfig));
    const servers: DnsServer[] = [];
    for (const line of text.split("\n")) {
      const [, address] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
      if (address !== undefined) servers.push(parseDnsServer(address));
    }
    if (servers.length === 0)
      throw new Error(`${resolvConfig}: expected a line "nameserver ADDRESS", found none`);
    return servers;
  }

  /** The CNAME record of a name, by the first server that answers; null where there is none. */
  private async cnameOf(
    name: string,
    servers: readonly DnsServer[],
    signal: AbortSignal,
  ): Promise<Cname | null> {
    const question = { name: fullyQualified(name), type: TYPE.CNAME, class: CLASS.IN };
    const [id] = crypto.getRandomValues(new Uint16Array(1));
    const query = encodeQuery(id, question, true);
    let failure: unknown;
    for (const server of servers) {
      try {
        const { message } = await askDnsServer(this.runtime, server, query, {
          timeout: this.limits.answer,
          signal,
        });
        if (message.rcode === RCODE.NXDOMAIN) return null;
        if (message.rcode !== RCODE.NOERROR)
          throw new Error(`name server ${server.hostname}: ${rcodeName(message.rcode)}`);
        const record = message.answers.find(
          (answer) =>
            answer.type === TYPE.CNAME && answer.name.toLowerCase() === question.name.toLowerCase(),
        );
        if (record === undefined) return null;
        const target = withoutFinalDot(record.target).toLowerCase();
        return target === "" ? null : { target, ttl: record.ttl };
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  private keep(host: string, known: Known): void {
    this.known.delete(host);
    // The oldest goes: a client that sends ever new names makes the cache useless, not large.
    if (this.known.size >= MOST_KNOWN) this.known.delete(this.known.keys().next().value!);
    this.known.set(host, known);
  }
}

/** True for what name servers can be asked for: no address, nothing but the characters of names. */
function isName(host: string): boolean {
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host) || /^[0-9.]+$/.test(host)) return false;
  try {
    encodeName(fullyQualified(host));
    return true;
  } catch {
    return false;
  }
}
