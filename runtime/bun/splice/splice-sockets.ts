import type { Socket } from "bun";
import type { SpliceOptions } from "../../../src/net/connection.ts";
import { DescriptorSet } from "./descriptor-set.ts";
import { openLibc } from "./libc.ts";
import { resetDescriptors, Splicer } from "./splicer.ts";

/** How the thread is started; null where nothing is to be spliced. */
let starter: (() => Worker) | null = null;
/** What this thread's splicing opens. */
let held: DescriptorSet | undefined;
/** Undefined before the first use; null where sockets can't be spliced. */
let splicer: Splicer | null | undefined;

/** Sockets may be spliced from now on, by a thread that is started with the first ones. */
export function offerSplicing(start: () => Worker): void {
  if (process.platform === "linux") starter = start;
}

/** Memory for `closeDescriptors`, of a thread that this one starts. */
export function descriptorMemory(): SharedArrayBuffer {
  return new DescriptorSet().buffer;
}

/** In a thread with such memory: what is opened from now on is noted there. */
export function noteDescriptors(memory: SharedArrayBuffer): void {
  held = new DescriptorSet(memory);
}

/** Milliseconds that the thread that splices has for its end, once the one that started it is gone. */
const LAST_MOMENT = 250;

/** The thread with that memory has ended: resets what it and its own thread had open. */
export function closeDescriptors(memory: SharedArrayBuffer): void {
  setTimeout(() => {
    const descriptors = new DescriptorSet(memory).take();
    if (descriptors.length > 0) resetDescriptors(openLibc(), descriptors);
  }, LAST_MOMENT);
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
    return new Splicer(start, held ?? new DescriptorSet());
  } catch {
    forbidSplicing();
    return null;
  }
}

/** The types don't know it. */
const descriptor = (socket: Socket<unknown>): number => (socket as unknown as { fd: number }).fd;
