/** One of those that take turns. */
export interface Turn {
  /** An integer: its share of the turns. One without a weight above 0 never has a turn, as in Traefik. */
  readonly weight: number;
  /** Changed by `WeightedRoundRobin` only; false where the weight allows no turn. */
  up: boolean;
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/**
 * Weighted round robin, earliest deadline first, as Traefik's: a member of weight w has deadlines at
 * 1/w, 2/w, 3/w ..., and the earliest deadline goes next; of equal ones the first in the list's
 * order. Turns of those who are down pass unused, so no member catches up on coming back.
 *
 * Deadlines are kept as turns taken and compared as fractions, so nothing drifts: in one cycle (from
 * 0 to 1) everybody has exactly as many turns as the weight, divided by the weights' common factor.
 * Source: Traefik's pkg/server/service/loadbalancer/wrr/wrr.go.
 */
export class WeightedRoundRobin<T extends Turn> {
  private readonly all: readonly T[];
  private readonly weights: number[];
  /** Turns taken in this cycle. */
  private readonly taken: number[];
  private readonly equal: boolean;
  private ups = 0;
  /** Whose turn was last; -1 at a cycle's start. */
  private last = -1;

  /** Throws a RangeError on weights that are not integers. */
  constructor(all: readonly T[]) {
    const weights = all.map(({ weight }) => Math.max(0, weight));
    for (const weight of weights) {
      if (!Number.isSafeInteger(weight)) {
        throw new RangeError(`expected an integer as weight, found ${weight}`);
      }
    }
    const factor = weights.reduce(gcd, 0) || 1;
    this.all = all;
    this.weights = weights.map((weight) => weight / factor);
    this.taken = all.map(() => 0);
    this.equal = this.weights.every((weight) => weight <= 1);
    all.forEach((one, i) => {
      one.up &&= weights[i] > 0;
      if (one.up) this.ups++;
    });
  }

  /** True while at least one is up. */
  get anyUp(): boolean {
    return this.ups > 0;
  }

  setUp(index: number, up: boolean): void {
    const one = this.all[index];
    if (one.up === up || this.weights[index] === 0) return;
    one.up = up;
    this.ups += up ? 1 : -1;
    if (up) this.taken[index] = this.passed(index);
  }

  /** Whose turn it is, or null where no member is up. */
  next(): T | null {
    const index = this.nextIndex();
    return index < 0 ? null : this.all[index];
  }

  /** The place in the list of the one whose turn it is; -1 where none is up. */
  nextIndex(): number {
    if (this.ups === 0) return -1;
    return this.equal ? this.nextEqual() : this.nextWeighted();
  }

  private nextEqual(): number {
    const { all } = this;
    let index = this.last;
    do {
      index = index + 1 === all.length ? 0 : index + 1;
    } while (!all[index].up);
    this.last = index;
    return index;
  }

  private nextWeighted(): number {
    const { taken } = this;
    let index = this.earliest();
    if (index < 0) {
      // Those that are up have had all turns of this cycle.
      taken.fill(0);
      index = this.earliest();
    }
    taken[index]++;
    this.last = index;
    return index;
  }

  /** Who is up and has the earliest deadline in this cycle; -1 where no deadline is left. */
  private earliest(): number {
    const { all, weights, taken } = this;
    let best = -1;
    let bestTurn = 0;
    for (let i = 0; i < all.length; i++) {
      const turn = taken[i] + 1;
      if (turn > weights[i] || !all[i].up) continue;
      if (best < 0 || turn * weights[best] < bestTurn * weights[i]) {
        best = i;
        bestTurn = turn;
      }
    }
    return best;
  }

  /** How many of its deadlines in this cycle have passed, used or not. */
  private passed(index: number): number {
    const { last, weights, taken } = this;
    if (last < 0) return 0;
    const product = taken[last] * weights[index];
    const turns = Math.floor(product / weights[last]);
    // The one at this very moment is still to come for those behind in the list.
    return product % weights[last] === 0 && index > last ? turns - 1 : turns;
  }
}
