/**
 * Arguments: port, attackers at a time, name of a flood. Floods until it is killed: who is cut off
 * comes back at once. Prints a line once every attacker has had a connection flooded.
 */
import { concatBytes } from "../../src/core/bytes.ts";
import { settings } from "../../tests/support/http/raw-http2.ts";
import { FLOODS, type Flood, type FloodName } from "./floods.ts";

const [port, attackers] = process.argv.slice(2).map(Number);
const flood: Flood = FLOODS[process.argv[4] as FloodName];
const opening = concatBytes([
  new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  settings(...(flood.settings ?? [])),
  flood.first ?? new Uint8Array(0),
]);

/** Pieces are made once: an attacker must not be busier than the attacked. */
const PIECES = 500;
const pieces = Array.from({ length: PIECES }, (_, i) => flood.piece?.(i)).filter(
  (piece) => piece !== undefined,
);

/** Resolves when the connection has ended. */
async function attack(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting: Uint8Array = opening;
  let next = 0;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: send,
      drain: send,
      data() {},
      error() {},
      close: () => resolve(),
    },
  });
  if (flood.held !== undefined) setTimeout(() => socket.terminate(), flood.held);
  await promise;

  function send(socket: Bun.Socket): void {
    for (;;) {
      const taken = socket.write(waiting);
      if (taken < 0) return;
      waiting = waiting.subarray(taken);
      if (waiting.length > 0) return;
      if (next === pieces.length) break;
      waiting = pieces[next++];
    }
    // All has been said and the server has not minded.
    if (flood.held === undefined) socket.terminate();
  }
}

let ready = 0;
await Promise.all(
  Array.from({ length: attackers }, async () => {
    for (let i = 0; ; i++) {
      if (i === (flood.held === undefined ? 1 : 0) && ++ready === attackers) console.log("ready");
      try {
        await attack();
      } catch {
        // It doesn't take connections just now.
        await Bun.sleep(1);
      }
    }
  }),
);
