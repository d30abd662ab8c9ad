import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import { askDnsServer, type DnsServer, parseDnsServer } from "../../net/dns/dns-client.ts";
import {
  CLASS,
  type DnsMessage,
  encodeQuery,
  RCODE,
  rcodeName,
  TYPE,
} from "../../net/dns/dns-message.ts";
import { namesUpwards } from "../../net/dns/dns-names.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { DnsRecord, Polling } from "./dns-record.ts";
import type { DnsResolution, DnsResolutionOptions } from "./dns-resolution.ts";
import { systemNameServers } from "./resolv-conf.ts";

/** How long a name server may take for an answer, in milliseconds. */
const TIMEOUT = 10_000;

/** How many CNAMEs may lie between a challenge's name and its record. */
const MAX_CNAMES = 50;

/** How long a zone once found is not looked for again, in milliseconds, and how many are remembered. */
const ZONE_LIFE = 300_000;
const MAX_ZONES = 1000;

export interface LiveResolutionPorts {
  readonly runtime: Pick<Runtime, "bindUdp" | "connect" | "env" | "files">;
  readonly logger: Logger;
  /** Where authoritative servers listen: 53, except in tests. */
  readonly authoritativePort?: number;
}

/**
 * The domain name system as an ACME client sees it: zones, CNAMEs and records, asked of name servers
 * directly. `LEGO_DISABLE_CNAME_SUPPORT` and `LEGO_EXPERIMENTAL_DNS_TCP_ONLY` count as for lego.
 * Source: lego's challenge/dns01.
 */
export class LiveResolution implements DnsResolution {
  private readonly options: DnsResolutionOptions;
  private readonly ports: LiveResolutionPorts;
  private readonly configured: readonly DnsServer[];
  private servers: Promise<readonly DnsServer[]> | undefined;
  private readonly zones = new Map<string, { readonly zone: string; readonly until: number }>();

  /** Throws an Error where one of the resolvers is no address. */
  constructor(options: DnsResolutionOptions, ports: LiveResolutionPorts) {
    this.options = options;
    this.ports = ports;
    this.configured = options.resolvers.map(parseDnsServer);
  }

  async follow(fqdn: string, signal: AbortSignal): Promise<string> {
    if (isTrue(this.ports.runtime.env["LEGO_DISABLE_CNAME_SUPPORT"])) return fqdn;
    let name = fqdn;
    for (let left = MAX_CNAMES; left > 0; left--) {
      let answer: DnsMessage;
      try {
        answer = await this.ask(name, TYPE.CNAME, signal);
      } catch (error) {
        signal.throwIfAborted();
        this.ports.logger.warn("Can't find out whether there is a CNAME", {
          name,
          error: messageOf(error),
        });
        return name;
      }
      const target = cnameOf(answer, name);
      if (target === undefined) return name;
      name = target;
    }
    throw new Error(`more than ${MAX_CNAMES} CNAMEs follow each other from ${fqdn}`);
  }

  async zoneOf(fqdn: string, signal: AbortSignal): Promise<string> {
    const known = this.zones.get(fqdn);
    if (known !== undefined && known.until > performance.now()) return known.zone;
    const zone = await findZone(fqdn, (name) => this.ask(name, TYPE.SOA, signal));
    signal.throwIfAborted();
    if (this.zones.size >= MAX_ZONES) this.zones.clear();
    this.zones.set(fqdn, { zone, until: performance.now() + ZONE_LIFE });
    return zone;
  }

  async propagated(record: DnsRecord, polling: Polling, signal: AbortSignal): Promise<void> {
    const { propagation } = this.options;
    const delay = propagation?.delayBeforeChecks ?? 0;
    if (propagation?.disableChecks) {
      await pause(delay, signal);
      return;
    }
    await pause(polling.interval + delay, signal);
    const end = performance.now() + polling.timeout;
    for (;;) {
      try {
        await this.check(record, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (performance.now() + polling.interval > end)
          throw new Error(
            `the record was not to be seen everywhere within ${polling.timeout / 1000} s: ${messageOf(error)}`,
          );
      }
      await pause(polling.interval, signal);
    }
  }

  /** Rejects with the first server that doesn't have the record. */
  private async check({ fqdn, value }: DnsRecord, signal: AbortSignal): Promise<void> {
    const { propagation } = this.options;
    const first = await this.ask(fqdn, TYPE.TXT, signal);
    const name = cnameOf(first, fqdn) ?? fqdn;
    if (propagation === undefined || propagation.requireAllRNS)
      for (const server of await this.recursive())
        await this.look(server, name, value, true, signal);
    if (propagation?.disableANSChecks) return;
    const port = this.ports.authoritativePort ?? 53;
    for (const hostname of await this.authoritative(name, signal))
      await this.look({ hostname, port }, name, value, false, signal);
  }

  private async look(
    server: DnsServer,
    name: string,
    value: string,
    recursion: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { rcode, answers } = await this.exchange(server, name, TYPE.TXT, recursion, signal);
    const texts = answers
      .filter(({ type }) => type === TYPE.TXT)
      .map(({ texts }) => texts.join(""));
    if (rcode === RCODE.NOERROR && texts.includes(value)) return;
    const found = texts.length === 0 ? rcodeName(rcode) : texts.join(", ");
    throw new Error(
      `name server ${server.hostname}:${server.port}: expected the TXT record "${value}" at ${name}, found ${found}`,
    );
  }

  private async authoritative(name: string, signal: AbortSignal): Promise<string[]> {
    const zone = await this.zoneOf(name, signal);
    const { answers } = await this.ask(zone, TYPE.NS, signal);
    const servers = answers
      .filter(({ type }) => type === TYPE.NS)
      .map(({ target }) => target.toLowerCase().slice(0, -1));
    if (servers.length === 0) throw new Error(`the zone ${zone} has no name servers`);
    return servers;
  }

  /** Asks the recursive servers, one after another until one has a record. */
  private async ask(name: string, type: number, signal: AbortSignal): Promise<DnsMessage> {
    let last: DnsMessage | undefined;
    const failures: string[] = [];
    for (const server of await this.recursive()) {
      try {
        last = await this.exchange(server, name, type, true, signal);
        if (last.answers.length > 0) return last;
      } catch (error) {
        signal.throwIfAborted();
        failures.push(messageOf(error));
      }
    }
    if (last === undefined) throw new Error(failures.join("; "));
    return last;
  }

  private async exchange(
    server: DnsServer,
    name: string,
    type: number,
    recursion: boolean,
    signal: AbortSignal,
  ): Promise<DnsMessage> {
    const { runtime } = this.ports;
    const query = encodeQuery(randomId(), { name, type, class: CLASS.IN }, recursion);
    const tcp = isTrue(runtime.env["LEGO_EXPERIMENTAL_DNS_TCP_ONLY"]);
    const options = { timeout: TIMEOUT, signal, tcp };
    return (await askDnsServer(runtime, server, query, options)).message;
  }

  private recursive(): Promise<readonly DnsServer[]> {
    if (this.configured.length > 0) return Promise.resolve(this.configured);
    return (this.servers ??= systemNameServers(this.ports.runtime.files).then((servers) =>
      servers.map(parseDnsServer),
    ));
  }
}

/**
 * The nearest name above `fqdn`, or itself, at which `ask` finds an SOA record; a name that is a CNAME
 * is no zone. Rejects where there is none, or a server fails.
 */
export async function findZone(
  fqdn: string,
  ask: (name: string) => Promise<DnsMessage>,
): Promise<string> {
  let failure: unknown;
  for (const name of namesUpwards(fqdn)) {
    let answer: DnsMessage;
    try {
      answer = await ask(name);
    } catch (error) {
      failure ??= error;
      continue;
    }
    const { rcode, answers } = answer;
    if (rcode === RCODE.NXDOMAIN) continue;
    if (rcode !== RCODE.NOERROR)
      throw new Error(`can't find the zone of ${fqdn}: ${rcodeName(rcode)} for ${name}`);
    if (answers.some(({ type }) => type === TYPE.CNAME)) continue;
    const soa = answers.find(({ type }) => type === TYPE.SOA);
    if (soa !== undefined) return soa.name.toLowerCase();
  }
  const why = failure === undefined ? "no name above it has an SOA record" : messageOf(failure);
  throw new Error(`can't find the zone of ${fqdn}: ${why}`);
}

/** A message's number, which an answer must have too. */
export function randomId(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0];
}

function cnameOf({ rcode, answers }: DnsMessage, name: string): string | undefined {
  if (rcode !== RCODE.NOERROR) return undefined;
  return answers.find(
    ({ type, name: owner }) => type === TYPE.CNAME && owner.toLowerCase() === name.toLowerCase(),
  )?.target;
}

/** As Go's strconv.ParseBool reads it. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|t|true)$/i.test(value);
}
