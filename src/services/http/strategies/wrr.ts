import { WeightedRoundRobin } from "../../weighted-round-robin.ts";
import type { BalancerMember, CreateStrategy } from "./strategy.ts";

/** `wrr`: members take turns, by weight. */
export const wrr: CreateStrategy = (members) => {
  const turns = new WeightedRoundRobin<BalancerMember>(members);
  const [only] = members;
  return {
    sticks: true,
    handlers: members.map(({ handler }) => handler),
    get anyUp() {
      return turns.anyUp;
    },
    choose: members.length === 1 ? () => (only.up ? 0 : -1) : () => turns.nextIndex(),
    setUp: (index, up) => turns.setUp(index, up),
  };
};
