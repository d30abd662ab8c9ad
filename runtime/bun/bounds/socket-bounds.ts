import { ptr } from "bun:ffi";
import type { Socket } from "bun";
import {
  IPPROTO_TCP,
  type Libc,
  openLibc,
  SO_BUF_LOCK,
  SO_RCVBUF,
  SOL_SOCKET,
  TCP_NOTSENT_LOWAT,
} from "../splice/libc.ts";

/**
 * From this descriptor on, connections are accepted with a bound: the system gives the lowest that is
 * free, so that at least as many are open. Fewer clients can't hold much, and the bound is not free:
 * responses of 1 MiB took a tenth to a quarter more of the CPU with it, on a busy machine.
 */
const MANY = 256;

/**
 * Bytes that the system takes for a client beyond those that are on their way to it, which this
 * doesn't bound: distant clients are sent to as fast as without it.
 */
const UNSENT = new Int32Array([128 * 1024]);

/** What the system receives then before it is read; it doubles that for its own needs. */
const LITTLE = new Int32Array([64 * 1024]);
/** Where the system's own choice can't be had back: as much as it allows. */
const MUCH = new Int32Array([4 * 1024 * 1024]);
const UNLOCKED = new Int32Array([0]);

// biome-ignore lint/suspicious/noExplicitAny: whatever its data is.
type AnySocket = Socket<any>;

/** Undefined before the first use; null where options can't be set. */
let libc: Libc | null | undefined;

/**
 * Has the system take less for a client that doesn't read, where there are many. It takes up to
 * 2.5 MiB otherwise, and the memory that it has for TCP, which good clients' connections need as well,
 * is used up by a thousand. It also shows early that a client is slow: while reads are still small.
 */
export function boundUnsent(socket: AnySocket): void {
  if (descriptor(socket) >= MANY) set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT);
}

/**
 * Has the system receive little from a peer. Bun reads all that was received, up to 512 KiB, in one
 * piece, and what a slow client doesn't take of that has to be kept: with a thousand of them half a
 * gigabyte. What the peer was allowed to send before that still comes.
 */
export function readLess(socket: AnySocket): void {
  set(socket, SOL_SOCKET, SO_RCVBUF, LITTLE);
}

/** Leaves it to the system again how much it receives. */
export function readOnward(socket: AnySocket): void {
  if (!set(socket, SOL_SOCKET, SO_BUF_LOCK, UNLOCKED)) set(socket, SOL_SOCKET, SO_RCVBUF, MUCH);
}

function set(socket: AnySocket, level: number, option: number, value: Int32Array): boolean {
  if (libc === undefined) libc = open();
  if (libc === null) return false;
  return libc.setsockopt(descriptor(socket), level, option, ptr(value), value.byteLength) === 0;
}

function open(): Libc | null {
  try {
    return process.platform === "linux" ? openLibc() : null;
  } catch {
    return null;
  }
}

/** The types don't know it. */
const descriptor = (socket: AnySocket): number => (socket as unknown as { fd: number }).fd;
