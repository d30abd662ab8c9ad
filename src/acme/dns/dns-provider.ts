import type { Logger } from "../../core/logger.ts";
import type { HttpClient, HttpClientOptions } from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { DnsEnvironment } from "./dns-environment.ts";
import type { DnsRecord, Polling } from "./dns-record.ts";
import type { DnsResolution } from "./dns-resolution.ts";

/**
 * Puts TXT records into one service's zones. Several records may have one name at one time (a name
 * and its wildcard): each is added beside the others, and taken away alone.
 */
export interface DnsProvider extends Polling {
  /** Challenges come one after another with so many milliseconds between them; undefined: side by side. */
  readonly sequence?: number;
  /** Rejects with an Error that says what the service answered; never with a credential in it. */
  present(record: DnsRecord, signal: AbortSignal): Promise<void>;
  /** Takes away what `present` put there. Rejects as `present` does. */
  cleanUp(record: DnsRecord, signal: AbortSignal): Promise<void>;
}

/** What providers need of their surroundings. */
export interface DnsContext {
  readonly env: DnsEnvironment;
  readonly resolution: DnsResolution;
  readonly runtime: Pick<
    Runtime,
    "bindUdp" | "connect" | "durableFiles" | "env" | "files" | "hostname" | "lookup" | "runCommand"
  >;
  /** A client of its own for the service's API; with its certificates where it has such. */
  readonly httpClient: (options: HttpClientOptions) => HttpClient;
  readonly logger: Logger;
}

/**
 * Makes a provider from its environment. Rejects with an Error that names the variables that are
 * missing or wrong.
 */
export type DnsProviderFactory = (context: DnsContext) => Promise<DnsProvider>;
