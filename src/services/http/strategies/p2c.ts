import { InFlight } from "./in-flight.ts";
import type { CreateStrategy } from "./strategy.ts";
import { UpMembers } from "./up-members.ts";

/**
 * `p2c`, the power of two choices: of two members at random the one with fewer requests in flight, the
 * first of equal ones. Weights count for nothing, as in Traefik.
 * Source: Traefik's pkg/server/service/loadbalancer/p2c/p2c.go.
 */
export const p2c: CreateStrategy = (members) => {
  const ups = new UpMembers(members, false);
  const { places } = ups;
  const flights = members.map(({ handler }) => new InFlight(handler));
  return {
    sticks: true,
    insists: true,
    handlers: flights.map(({ handler }) => handler),
    get anyUp() {
      return ups.any;
    },
    choose() {
      if (places.length < 2) return places[0] ?? -1;
      const first = Math.floor(Math.random() * places.length);
      const other = Math.floor(Math.random() * (places.length - 1));
      const one = places[first];
      const two = places[other < first ? other : other + 1];
      return flights[two].count < flights[one].count ? two : one;
    },
    setUp: (index, up) => ups.set(index, up),
  };
};
