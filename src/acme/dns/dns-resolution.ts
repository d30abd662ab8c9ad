import type { DnsRecord, Polling } from "./dns-record.ts";

/** Asks the domain name system, past every cache of the machine's. */
export interface DnsResolution {
  /** The name that CNAMEs lead to from `fqdn`, or `fqdn` itself. Both with their final dot. */
  follow(fqdn: string, signal: AbortSignal): Promise<string>;
  /** The zone that `fqdn` is in, with its final dot: the nearest name that has an SOA record. Rejects where there is none. */
  zoneOf(fqdn: string, signal: AbortSignal): Promise<string>;
  /**
   * Resolves when the record is to be seen by those servers that the configuration names
   * (`propagation`). Rejects after the provider's timeout, with the servers that don't have it.
   */
  propagated(record: DnsRecord, polling: Polling, signal: AbortSignal): Promise<void>;
}

/** Of the configuration's `dnsChallenge`, defaults and old names resolved. Times in milliseconds. */
export interface DnsResolutionOptions {
  /** Recursive servers as "host:port" instead of the system's; port 53 where it has none. */
  readonly resolvers: readonly string[];
  /** `propagation`; undefined where it isn't there: then authoritative and recursive servers must have the record. */
  readonly propagation:
    | {
        readonly disableChecks: boolean;
        readonly disableANSChecks: boolean;
        readonly requireAllRNS: boolean;
        readonly delayBeforeChecks: number;
      }
    | undefined;
}
