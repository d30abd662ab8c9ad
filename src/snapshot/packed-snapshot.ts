import { type PiecePath, type Pieces, pack } from "../core/pieces.ts";
import type { Snapshot } from "./snapshot.ts";

/** What of a snapshot may be large. */
const LARGE: readonly PiecePath[] = [
  ["routers"],
  ["services"],
  ["middlewares"],
  ["serversTransports"],
  ["tcp", "routers"],
  ["tcp", "services"],
  ["tcp", "middlewares"],
  ["tcp", "serversTransports"],
  ["udp", "routers"],
  ["udp", "services"],
  ["tls", "certificates"],
  ["tls", "options"],
  ["disabled"],
  ["moduleVersions"],
  ["pems"],
];

/** For another thread, whose `Unpacker` makes a snapshot of it again. */
export function packSnapshot(snapshot: Snapshot): Pieces {
  return pack(snapshot, LARGE);
}
