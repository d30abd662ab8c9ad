import { ServerAges } from "./server-ages.ts";

/** What an active check found, or found again. */
export interface HealthVerdict {
  readonly kind: "http" | "tcp";
  /** Qualified. */
  readonly service: string;
  /** As configured: a URL, or an address. */
  readonly server: string;
  readonly up: boolean;
}

/** Hears of the server of that place in the list. */
export type ReportHealth = (index: number, up: boolean) => void;

/** Brings the verdicts of active checks, which run once in the process, to the services. */
export class HealthVerdicts {
  /** Since when servers are there or up again, in this worker. */
  readonly ages = new ServerAges();
  private readonly listeners = new Map<string, Set<(verdict: HealthVerdict) => void>>();

  /** Reports each verdict about these servers of a service, until the function that it returns is called. */
  watch(
    kind: HealthVerdict["kind"],
    service: string,
    servers: readonly string[],
    report: ReportHealth,
  ): () => void {
    const key = `${kind} ${service}`;
    const listener = ({ server, up }: HealthVerdict) => {
      servers.forEach((candidate, index) => {
        if (candidate === server) report(index, up);
      });
    };
    let set = this.listeners.get(key);
    if (set === undefined) {
      set = new Set();
      this.listeners.set(key, set);
    }
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0) this.listeners.delete(key);
    };
  }

  tell(verdicts: readonly HealthVerdict[]): void {
    for (const verdict of verdicts) {
      const key = `${verdict.kind} ${verdict.service}`;
      for (const listener of this.listeners.get(key) ?? []) listener(verdict);
    }
  }
}
