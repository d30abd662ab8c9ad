import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { HttpClient } from "../../net/clients/http-client.ts";
import { PassingNames } from "./passing-names.ts";
import type { TestHost } from "./rule-hosts.ts";

export interface OnDemandOptions {
  /** Asked with `domain=` in its query; 2xx allows. */
  readonly ask: string;
  /** Orders in an hour at most. */
  readonly perHour: number;
  readonly http: HttpClient;
  readonly logger: Logger;
  /** When orders were made in the last hour, as it was noted before this start. Milliseconds since the epoch. */
  readonly orderedAt?: readonly number[];
}

export type Answer = "allowed" | "denied" | "unknown";

const HOUR = 3_600_000;
/** For the hook's answer, in milliseconds. */
const PATIENCE = 5_000;
/** Questions under way at most, and names that wait behind them. */
const AT_ONCE = 4;
const MOST_WAITING = 64;
/** How long a name isn't asked for again that was refused, and one that could not be asked for. Milliseconds. */
const DENIED = 300_000;
const UNKNOWN = 15_000;

/**
 * Decides which of the names that clients ask for are ordered: a hook allows each (a lookup of the user's
 * customers, for example), and an hour has a limit. Nothing that clients do is unbounded: questions side by side,
 * names that wait, refused names that are remembered.
 */
export class OnDemand {
  /** What routers would take. */
  hosts: TestHost = () => false;
  private readonly options: OnDemandOptions;
  private readonly refused = new PassingNames();
  private readonly waiting = new Set<string>();
  private readonly queue: (() => void)[] = [];
  private asking = 0;
  private times: number[];
  private said = "";

  constructor(options: OnDemandOptions) {
    this.options = options;
    this.times = [...(options.orderedAt ?? [])];
  }

  /** When orders were made in the last hour. Milliseconds since the epoch. */
  get orderedAt(): readonly number[] {
    const since = Date.now() - HOUR;
    this.times = this.times.filter((at) => at > since);
    return this.times;
  }

  /** Takes one of the hour's orders; false where there is none left. */
  take(): boolean {
    if (this.orderedAt.length >= this.options.perHour) {
      this.sayOnce(`the hour's ${this.options.perHour} orders are used up`);
      return false;
    }
    this.times.push(Date.now());
    return true;
  }

  /** The name isn't asked for again for a while. */
  refuse(name: string, milliseconds = DENIED): void {
    this.refused.add(name, milliseconds);
  }

  /** Calls `order` where a name is allowed; at once or later, or not at all. */
  consider(name: string, order: () => void): void {
    if (this.waiting.has(name) || this.refused.has(name) || !this.hosts(name)) return;
    if (this.orderedAt.length >= this.options.perHour) {
      this.sayOnce(`the hour's ${this.options.perHour} orders are used up`);
      return;
    }
    if (this.asking >= AT_ONCE && this.waiting.size >= AT_ONCE + MOST_WAITING) return;
    this.waiting.add(name);
    void this.turn(name, order);
  }

  /** Asks the hook. Never rejects. */
  async ask(name: string): Promise<Answer> {
    const { ask, http, logger } = this.options;
    const url = new URL(ask);
    url.searchParams.set("domain", name);
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const { status, body } = await http.request({ url: url.href, signal });
      // What it says besides is nothing to anyone; a few bytes are read so that the connection may stay.
      let bytes = 0;
      for await (const chunk of body) if ((bytes += chunk.length) > 65_536) break;
      if (status >= 200 && status < 300) {
        this.said = "";
        return "allowed";
      }
      if (status < 500) {
        logger.debug("The onDemand hook refuses a certificate", { domain: name, status });
        return "denied";
      }
      throw new Error(`it answered ${status}`);
    } catch (error) {
      this.sayOnce(`the hook can't be asked: ${messageOf(error)}`);
      return "unknown";
    }
  }

  close(): void {
    this.waiting.clear();
    this.options.http.close();
  }

  private async turn(name: string, order: () => void): Promise<void> {
    if (this.asking >= AT_ONCE) await new Promise<void>((go) => this.queue.push(go));
    this.asking++;
    const answer = this.waiting.has(name) ? await this.ask(name) : "unknown";
    this.asking--;
    this.waiting.delete(name);
    this.queue.shift()?.();
    if (answer === "allowed") order();
    else this.refused.add(name, answer === "denied" ? DENIED : UNKNOWN);
  }

  /** One reason is said until there is another, or it is over. */
  private sayOnce(reason: string): void {
    const kind = reason.split(":")[0];
    if (this.said === kind) return;
    this.said = kind;
    this.options.logger.warn("No certificates are ordered on demand for now", { reason });
  }
}
