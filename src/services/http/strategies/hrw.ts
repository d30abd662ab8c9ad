import { latin1 } from "../../../core/bytes.ts";
import { Fnv } from "./fnv.ts";
import { type HashKey, peerAddress } from "./hash-key.ts";
import type { CreateStrategy } from "./strategy.ts";
import { UpMembers } from "./up-members.ts";

/**
 * `hrw`, highest random weight: a client, by its peer address, or requests of one key, have the same member for as long as that
 * is up; weights say how many of them a member has. Sticky cookies count for nothing, as in Traefik.
 * Traefik's hash hardly tells members apart whose URLs differ in the last character: the heaviest has
 * all clients then. Here weights hold, and so a client's member is not the one that it has there.
 * Source: Traefik's pkg/server/service/loadbalancer/hrw/hrw.go.
 */
export const hrwBy =
  (key: HashKey): CreateStrategy =>
  (members) => {
    const ups = new UpMembers(members, true);
    const { places } = ups;
    const names = members.map(({ name }) => latin1(new TextEncoder().encode(name)));
    const client = new Fnv();
    const hash = new Fnv();
    return {
      sticks: false,
      handlers: members.map(({ handler }) => handler),
      get anyUp() {
        return ups.any;
      },
      choose(exchange, request) {
        client.start().add(key(exchange, request));
        let best = -1;
        let bestScore = -1;
        for (const place of places) {
          const { share } = hash.from(client).add(names[place]);
          const score = members[place].weight / -Math.log(share);
          if (score <= bestScore) continue;
          bestScore = score;
          best = place;
        }
        return best;
      },
      setUp: (index, up) => ups.set(index, up),
    };
  };

/** By clients. */
export const hrw = hrwBy(peerAddress);
