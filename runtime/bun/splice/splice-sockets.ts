import type { Socket } from "bun";
import type { SpliceOptions } from "../../../src/net/connection.ts";
import { Splicer } from "./splicer.ts";

/** How the thread is started; null where nothing is to be spliced. */
let starter: (() => Worker) | null = null;
/** Undefined before the first use; null where sockets can't be spliced. */
let splicer: Splicer | null | undefined;

/** Sockets may be spliced from now on, by a thread that is started with the first ones. */
export function offerSplicing(start: () => Worker): void {
  if (process.platform === "linux") starter = start;
}

/** No more sockets are taken. */
export function forbidSplicing(): void {
  starter = null;
}

/**
 * Takes two sockets from Bun and has their bytes relayed by the thread that splices. `taken` is
 * called before Bun's sockets are closed. Returns what resets both, or null where nothing was done.
 */
export function spliceSockets(
  a: Socket<unknown>,
  b: Socket<unknown>,
  options: SpliceOptions,
  taken: () => void,
): (() => void) | null {
  if (starter === null) return null;
  splicer ??= open(starter);
  const ends = splicer?.duplicate(descriptor(a), descriptor(b));
  if (splicer == null || ends == null) return null;
  taken();
  // Closes Bun's descriptors without a word to the peers: the sockets live on through the second ones.
  a.terminate();
  b.terminate();
  return splicer.relay(ends[0], ends[1], options);
}

function open(start: () => Worker): Splicer | null {
  try {
    return new Splicer(start);
  } catch {
    forbidSplicing();
    return null;
  }
}

/** The types don't know it. */
const descriptor = (socket: Socket<unknown>): number => (socket as unknown as { fd: number }).fd;
