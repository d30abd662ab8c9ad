import { now } from "../../../core/timers.ts";
import type { CreateStrategy } from "./strategy.ts";

export interface SlowStartOptions {
  /** Milliseconds until a member has all of its share. */
  readonly duration: number;
  /** By a member's name, when it began to be there or to be up, in milliseconds of the clock. Kept up to date. */
  readonly since: Map<string, number>;
  readonly clock?: () => number;
}

/** What a member has at once, so that it shows soon whether it answers. */
const LEAST = 0.01;
/** Shares are added up; what they lack of one turn is rounding. */
const ROUNDING = 1e-9;

/**
 * `slowStart`: a strategy whose members get their share little by little when they are new or up again: it
 * grows with the time, evenly, from a hundredth to all of it. Members that are equally new share as ever. It
 * turns choices down, without chance: the member collects its part of a turn each time, and goes once
 * these make one. Afterwards a choice costs a comparison more.
 */
export function slowStart(
  create: CreateStrategy,
  { duration, since, clock = now }: SlowStartOptions,
): CreateStrategy {
  return (members) => {
    const inner = create(members);
    const collected = members.map(() => 0);
    /** From then on all have their whole share; 0 where they have it now. */
    let warmAt = 0;
    for (const { name } of members) warmAt = Math.max(warmAt, (since.get(name) ?? 0) + duration);

    const shareOf = (place: number, time: number): number => {
      const age = time - (since.get(members[place].name) ?? -Infinity);
      return Math.min(1, Math.max(LEAST, age / duration));
    };
    const sparing = (first: number, time: number, choose: () => number): number => {
      let most = 0;
      members.forEach(({ up }, place) => {
        if (up) most = Math.max(most, shareOf(place, time));
      });
      const aside: number[] = [];
      let place = first;
      // The one with the largest share is never turned down, and the others seldom more than a hundred times.
      for (;;) {
        collected[place] += shareOf(place, time) / most;
        if (collected[place] >= 1 - ROUNDING) break;
        if (inner.insists) {
          inner.setUp(place, false);
          aside.push(place);
        }
        place = choose();
      }
      collected[place] = Math.max(0, collected[place] - 1);
      for (const each of aside) inner.setUp(each, true);
      return place;
    };
    return {
      sticks: inner.sticks,
      insists: inner.insists,
      handlers: inner.handlers,
      get anyUp() {
        return inner.anyUp;
      },
      choose(exchange) {
        const place = inner.choose(exchange);
        if (warmAt === 0 || place < 0) return place;
        const time = clock();
        if (time < warmAt) return sparing(place, time, () => inner.choose(exchange));
        warmAt = 0;
        collected.fill(0);
        return place;
      },
      setUp(index, up) {
        const member = members[index];
        const wasUp = member.up;
        inner.setUp(index, up);
        if (wasUp || !member.up) return;
        const time = clock();
        since.set(member.name, time);
        collected[index] = 0;
        warmAt = time + duration;
      },
    };
  };
}
