import type { OrderFailure } from "../storage/stored.ts";
import type { OnDemand } from "./on-demand.ts";

/** Failures that are remembered; the oldest goes first. */
const MOST = 1000;
/** A failure is forgotten when so long has passed since it might be tried again. Milliseconds. */
const FORGET = 86_400_000;

/** What became of orders that clients asked for and that failed: none is made again before its time. */
export class Demands {
  private readonly onDemand: OnDemand;
  private readonly byName = new Map<string, OrderFailure>();

  /** `noted` are those of before this start; others among them are left out. */
  constructor(onDemand: OnDemand, noted: readonly OrderFailure[]) {
    this.onDemand = onDemand;
    for (const failure of noted)
      if (failure.demanded === true) this.byName.set(failure.names[0], failure);
  }

  get failures(): readonly OrderFailure[] {
    const since = Date.now() - FORGET;
    for (const [name, { nextTry }] of this.byName) if (nextTry < since) this.byName.delete(name);
    return [...this.byName.values()];
  }

  /** Whether it is too early to order the name again. */
  waits(name: string): boolean {
    return (this.byName.get(name)?.nextTry ?? 0) > Date.now();
  }

  triesOf(name: string): number {
    return this.byName.get(name)?.tries ?? 0;
  }

  failed(name: string, failure: OrderFailure): void {
    this.byName.delete(name);
    if (this.byName.size >= MOST) this.byName.delete(this.byName.keys().next().value!);
    this.byName.set(name, failure);
    this.onDemand.refuse(name, failure.nextTry - Date.now());
  }

  /** True where it had failed before. */
  succeeded(name: string): boolean {
    return this.byName.delete(name);
  }
}
