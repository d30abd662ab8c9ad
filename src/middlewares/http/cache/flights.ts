import type { Deadlines, Expiring } from "../../../core/timers.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { StoredResponse } from "./stored/stored-response.ts";

/** How a flight ended: what is stored, or what may be used though it is stale; or that there is nothing. */
export type Landing = "stored" | StoredResponse | "nothing";

/** Keys whose responses could not be kept lately. */
const MOST_KNOWN = 10_000;
/** How long they are known for, in milliseconds: their requests don't wait for each other. */
const KNOWN_FOR = 10_000;

/** A request to the server whose response others wait for. */
export class Flight implements Expiring {
  deadline = 0;
  private waiting: ((landing: Landing) => void)[] | null = [];
  private readonly flights: Flights;
  readonly key: string;

  constructor(flights: Flights, key: string) {
    this.flights = flights;
    this.key = key;
  }

  /** Waited for long enough: the others go themselves, and for a while none waits. */
  expired(): void {
    this.flights.markUnkeepable(this.key);
    this.land("nothing");
  }

  /** Resolves when it is known what became of it, or when the client goes away. */
  wait(exchange: Exchange): Promise<Landing> {
    exchange.retain();
    const { waiting } = this;
    if (waiting === null) return Promise.resolve("nothing");
    return new Promise((resolve) => {
      waiting.push(resolve);
      exchange.onAbort(() => resolve("nothing"));
    });
  }

  /** Releases those that wait; once. */
  land(landing: Landing): void {
    const { waiting } = this;
    if (waiting === null) return;
    this.waiting = null;
    this.flights.over(this);
    for (const resolve of waiting) resolve(landing);
  }
}

/** Collapsed forwarding: of requests for one key at once, one asks the server (RFC 9111 section 4). */
export class Flights {
  private readonly deadlines: Deadlines;
  private readonly patience: number;
  private readonly clock: () => number;
  private readonly byKey = new Map<string, Flight>();
  private readonly unkeepable = new Map<string, number>();

  /** `patience`: how long others wait, in milliseconds; 0 for not at all. */
  constructor(deadlines: Deadlines, patience: number, clock: () => number) {
    this.deadlines = deadlines;
    this.patience = patience;
    this.clock = clock;
  }

  current(key: string): Flight | undefined {
    return this.byKey.get(key);
  }

  /** Others wait for this one from now on; null where they should not. */
  begin(key: string): Flight | null {
    if (this.patience === 0 || this.byKey.has(key) || this.isUnkeepable(key)) return null;
    const flight = new Flight(this, key);
    this.byKey.set(key, flight);
    this.deadlines.add(flight);
    flight.deadline = this.deadlines.after(this.patience);
    return flight;
  }

  over(flight: Flight): void {
    if (this.byKey.get(flight.key) === flight) this.byKey.delete(flight.key);
    flight.deadline = 0;
    this.deadlines.remove(flight);
  }

  /** A response for that key could not be kept. */
  markUnkeepable(key: string): void {
    this.unkeepable.delete(key);
    if (this.unkeepable.size >= MOST_KNOWN)
      for (const first of this.unkeepable.keys()) {
        this.unkeepable.delete(first);
        break;
      }
    this.unkeepable.set(key, this.clock() + KNOWN_FOR);
  }

  markKept(key: string): void {
    if (this.unkeepable.size > 0) this.unkeepable.delete(key);
  }

  stop(): void {
    for (const flight of [...this.byKey.values()]) flight.land("nothing");
    this.unkeepable.clear();
  }

  private isUnkeepable(key: string): boolean {
    const until = this.unkeepable.get(key);
    if (until === undefined) return false;
    if (until > this.clock()) return true;
    this.unkeepable.delete(key);
    return false;
  }
}
