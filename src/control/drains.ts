import type { Draining, HealthVerdict } from "../services/health/health-verdicts.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";

/**
 * Servers of HTTP services that are being emptied by the API. One stays so through reloads for as long as its service
 * has it; a restart forgets it.
 */
export class Drains {
  private readonly tell: (verdicts: readonly HealthVerdict[]) => void;
  private readonly drained = new Map<string, HealthVerdict>();

  /** `tell` brings verdicts to the data planes. */
  constructor(tell: (verdicts: readonly HealthVerdict[]) => void) {
    this.tell = tell;
  }

  get verdicts(): readonly HealthVerdict[] {
    return [...this.drained.values()];
  }

  /** Empties a server, or ends that. False where no such service has it. */
  set(
    snapshot: Snapshot | undefined,
    service: string,
    server: string,
    draining: Draining,
  ): boolean {
    if (!has(snapshot, service, server)) return false;
    this.keep({ kind: "http", service, server, up: true, draining });
    return true;
  }

  /** Forgets servers that a new configuration doesn't have. */
  follow(snapshot: Snapshot): void {
    for (const verdict of this.verdicts)
      if (!has(snapshot, verdict.service, verdict.server))
        this.keep({ ...verdict, draining: "no" });
  }

  private keep(verdict: HealthVerdict): void {
    const key = `${verdict.service} ${verdict.server}`;
    if (verdict.draining === "no") this.drained.delete(key);
    else this.drained.set(key, verdict);
    this.tell([verdict]);
  }
}

function has(snapshot: Snapshot | undefined, service: string, server: string): boolean {
  const services = snapshot?.services ?? {};
  if (!Object.hasOwn(services, service)) return false;
  return services[service].loadBalancer?.servers?.some(({ url }) => url === server) ?? false;
}
