import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { CertificateSummary } from "../tls/tls-manager.ts";

/** A server's health as active checks found it. */
export interface ServerHealth {
  /** Qualified. */
  readonly service: string;
  readonly url: string;
  readonly up: boolean;
}

/** What metrics tell of the process beside requests. */
export class ProcessState {
  /** Milliseconds since the epoch. */
  readonly startedAt = Date.now();
  /** Configurations that have been loaded. */
  reloads = 0;
  /** When the last one was, in milliseconds since the epoch; 0 before the first. */
  lastReload = 0;
  private readonly seen = new Map<string, CertificateSummary>();
  private readonly checked = new Map<string, ServerHealth>();

  /** A configuration serves, with these certificates. */
  loaded(certificates: readonly CertificateSummary[]): void {
    this.reloads++;
    this.lastReload = Date.now();
    for (const certificate of certificates) {
      const { cn, serial, sans } = certificate;
      this.seen.set(JSON.stringify([cn, serial, sans]), certificate);
    }
  }

  /** An active check is over. */
  checkedServer({ kind, service, server, up }: HealthVerdict): void {
    if (kind === "http") this.checked.set(`${service}\n${server}`, { service, url: server, up });
  }

  /** Those of services that are there no more are forgotten. */
  keepServices(present: (service: string) => boolean): void {
    for (const [key, { service }] of this.checked) if (!present(service)) this.checked.delete(key);
  }

  /** All that were ever loaded: as in Traefik, none is taken away. */
  get certificates(): readonly CertificateSummary[] {
    return [...this.seen.values()];
  }

  /** Servers that a check has looked at. */
  get servers(): readonly ServerHealth[] {
    return [...this.checked.values()];
  }
}
