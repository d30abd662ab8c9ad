import { now } from "../../../core/timers.ts";
import type { Handler } from "../../../http/handler.ts";
import { whenResponse } from "../../../http/handler.ts";
import { InFlight } from "./in-flight.ts";
import type { CreateStrategy } from "./strategy.ts";
import { UpMembers } from "./up-members.ts";

/** So many of the latest times to the first byte count. */
const SAMPLES = 100;

/**
 * `leasttime`: the member whose answers begin soonest, for the requests that it has in flight and its
 * weight; one that never answered goes first. Equal ones take turns by weight. Requests that a
 * sticky cookie sends do not count. Source: Traefik's
 * pkg/server/service/loadbalancer/leasttime/leasttime.go.
 */
export const leasttime: CreateStrategy = (members) => {
  const ups = new UpMembers(members, true);
  const { places } = ups;
  const times = members.map(() => new Times());
  const flights = members.map(({ handler }, i) => new InFlight(timed(handler, times[i])));
  const deadlines = members.map(({ weight }) => 1 / weight);
  return {
    sticks: true,
    insists: true,
    handlers: flights.map(({ handler }) => handler),
    get anyUp() {
      return ups.any;
    },
    choose() {
      let best = -1;
      let bestScore = Number.POSITIVE_INFINITY;
      let equals = 0;
      for (const place of places) {
        const { weight } = members[place];
        const score = (times[place].mean * (1 + flights[place].count)) / weight;
        if (score > bestScore) continue;
        equals = score === bestScore ? equals + 1 : 0;
        if (equals > 0 && deadlines[place] >= deadlines[best]) continue;
        bestScore = score;
        best = place;
      }
      if (equals > 0) deadlines[best] += 1 / members[best].weight;
      return best;
    },
    setUp: (index, up) => ups.set(index, up),
  };
};

/** The latest times to the first byte, in whole milliseconds. */
class Times {
  private readonly samples: number[] = [];
  private next = 0;
  private sum = 0;

  add(time: number): void {
    const whole = Math.floor(time);
    this.sum += whole - (this.samples[this.next] ?? 0);
    this.samples[this.next] = whole;
    this.next = (this.next + 1) % SAMPLES;
  }

  /** 0 where there is none. */
  get mean(): number {
    return this.samples.length === 0 ? 0 : this.sum / this.samples.length;
  }
}

function timed(next: Handler, times: Times): Handler {
  return (request, exchange) => {
    const started = now();
    return whenResponse(next(request, exchange), exchange, (response) => {
      times.add(now() - started);
      return response;
    });
  };
}
