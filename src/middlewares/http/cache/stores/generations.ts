import type { Cells, SharedCounters } from "../../../../core/counters/counters.ts";
import { nameHash } from "../../../../core/counters/name-hash.ts";
import type { StoredResponse } from "../stored/stored-response.ts";

/** URLs share slots; two that share one merely lose what they have together. */
const SLOTS = 1024;

/** What a URL's slot and the whole said when a request was sent. */
export interface Moment {
  readonly slot: number;
  readonly generation: number;
  readonly epoch: number;
}

/**
 * Numbers that all workers share and that rise where something is to be forgotten: one for all URLs of a slot,
 * and one for everything. What was asked for before such a rise is valid no more, in whichever worker it is
 * kept or on its way.
 */
export class Generations {
  private readonly cells: Cells;
  private readonly numbers: Float64Array;

  /** `name`: the middleware's. */
  constructor(counters: SharedCounters, name: string) {
    this.cells = counters.cells(`${name} generations`, SLOTS + 1);
    this.numbers = this.cells.numbers;
  }

  now(url: string): Moment {
    const slot = slotOf(url);
    return { slot, generation: this.numbers[slot], epoch: this.numbers[0] };
  }

  isPast({ slot, generation, epoch }: Moment | StoredResponse): boolean {
    return this.numbers[slot] !== generation || this.numbers[0] !== epoch;
  }

  raise(url: string): void {
    this.cells.locked(() => void this.numbers[slotOf(url)]++);
  }

  raiseAll(): void {
    this.cells.locked(() => void this.numbers[0]++);
  }
}

function slotOf(url: string): number {
  return 1 + ((nameHash(url)[0] >>> 0) % SLOTS);
}
