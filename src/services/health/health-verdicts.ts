import { ServerAges } from "./server-ages.ts";

/** What an active check found, or found again. */
export interface HealthVerdict {
  readonly kind: "http" | "tcp";
  /** Qualified. */
  readonly service: string;
  /** As configured: a URL, or an address. */
  readonly server: string;
  readonly up: boolean;
  /** That the server is being emptied instead, or no more; `up` says nothing then. */
  readonly draining?: Draining;
}

/** What a server that is being emptied gets no more: "new" requests without a sticky cookie for it, or "all". */
export type Draining = "no" | "new" | "all";

/** Hears of the server of that place in the list. */
export type ReportHealth = (index: number, up: boolean) => void;

/** Hears that the server of that place in the list is being emptied, or no more. */
export type ReportDraining = (index: number, draining: Draining) => void;

/** Brings the verdicts of active checks, which run once in the process, to the services. */
export class HealthVerdicts {
  /** Since when servers are there or up again, in this worker. */
  readonly ages = new ServerAges();
  /** Servers that are being emptied, by kind, service and server: a service that is made anew begins with them. */
  private readonly draining = new Map<string, Draining>();
  private readonly listeners = new Map<string, Set<(verdict: HealthVerdict) => void>>();

  /** Reports each verdict about these servers of a service, until the function that it returns is called. */
  watch(
    kind: HealthVerdict["kind"],
    service: string,
    servers: readonly string[],
    report: ReportHealth,
    drain?: ReportDraining,
  ): () => void {
    const key = `${kind} ${service}`;
    const listener = ({ server, up, draining }: HealthVerdict) => {
      servers.forEach((candidate, index) => {
        if (candidate !== server) return;
        if (draining === undefined) report(index, up);
        else drain?.(index, draining);
      });
    };
    if (this.draining.size > 0)
      servers.forEach((server, index) => {
        const draining = this.draining.get(`${key} ${server}`);
        if (draining !== undefined) drain?.(index, draining);
      });
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
      const { draining, server } = verdict;
      if (draining === "no") this.draining.delete(`${key} ${server}`);
      else if (draining !== undefined) this.draining.set(`${key} ${server}`, draining);
      for (const listener of this.listeners.get(key) ?? []) listener(verdict);
    }
  }
}
