import { ptr } from "bun:ffi";
import type { SpliceOptions } from "../../../src/net/connection.ts";
import { reportUncaught } from "../../node/uncaught.ts";
import {
  COMMAND_BYTES,
  COMMAND_WORDS,
  Command,
  type SpliceReport,
  type SpliceStart,
} from "./commands.ts";
import type { DescriptorSet } from "./descriptor-set.ts";
import {
  F_DUPFD_CLOEXEC,
  type Libc,
  O_CLOEXEC,
  O_NONBLOCK,
  openLibc,
  SO_LINGER,
  SOL_SOCKET,
  SPLICE_F_NONBLOCK,
} from "./libc.ts";

/** A pair that is being relayed. Its descriptors are open: the thread says when they are to be closed. */
interface Pair {
  readonly a: number;
  readonly b: number;
  readonly options: SpliceOptions;
}

/** Milliseconds after which a command is tried again that the thread had no room for. */
const AGAIN = 5;

/** The main thread's side: one thread that splices, started with the first pair. */
export class Splicer {
  private readonly libc: Libc;
  private readonly start: () => Worker;
  /** What is to be closed where this thread ends before it has done so. */
  private readonly held: DescriptorSet;
  private readonly pairs = new Map<number, Pair>();
  private readonly command = new Int32Array(COMMAND_WORDS);
  private readonly address = ptr(this.command);
  private worker: Worker | null = null;
  /** Where commands are written to. */
  private pipe = -1;
  /** Commands that the pipe had no room for. */
  private readonly untold: number[][] = [];
  private lastId = 0;
  private broken = false;

  /** Throws where there is no C library to call, or the system doesn't do what is needed. */
  constructor(start: () => Worker, held: DescriptorSet) {
    this.libc = openLibc();
    tryOut(this.libc);
    this.start = start;
    this.held = held;
  }

  /** Second descriptors for both sockets; null where there is no room for them. */
  duplicate(a: number, b: number): [number, number] | null {
    if (this.broken || a < 0 || b < 0) return null;
    const { libc, held } = this;
    const first = libc.fcntl(a, F_DUPFD_CLOEXEC, 0);
    const second = libc.fcntl(b, F_DUPFD_CLOEXEC, 0);
    if (held.add(first) && held.add(second)) return [first, second];
    this.close(first);
    this.close(second);
    return null;
  }

  /**
   * Relays between two descriptors and closes them in the end; returns what resets them. The
   * sockets' first descriptors have been closed, by a reset.
   */
  relay(a: number, b: number, options: SpliceOptions): () => void {
    this.linger([a, b], KEEP);
    const id = ++this.lastId;
    this.pairs.set(id, { a, b, options });
    this.begin();
    const { idleTimeout, terminationDelay } = options;
    this.tell(Command.join, id, a, b, idleTimeout, terminationDelay);
    return () => {
      if (!this.pairs.has(id)) return;
      // The process may end before the thread gets to it.
      this.linger([a, b], RESET);
      this.tell(Command.reset, id);
    };
  }

  /** What closing a socket does to what wasn't sent: struct linger. */
  private linger(sockets: readonly number[], value: Int32Array): void {
    for (const fd of sockets) this.libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, ptr(value), 8);
  }

  private tell(...words: number[]): void {
    this.untold.push(words);
    if (this.untold.length === 1) this.flush();
  }

  /** Writes commands, in order, as long as the pipe has room. */
  private flush(): void {
    const { command, libc, untold } = this;
    while (untold.length > 0 && !this.broken) {
      command.fill(0);
      command.set(untold[0]);
      // So few bytes are written whole or not at all.
      if (libc.write(this.pipe, this.address, COMMAND_BYTES) !== COMMAND_BYTES) {
        setTimeout(() => this.flush(), AGAIN);
        return;
      }
      untold.shift();
    }
  }

  private begin(): void {
    if (this.worker !== null) return;
    const ends = new Int32Array(2);
    if (this.libc.pipe2(ptr(ends), O_CLOEXEC | O_NONBLOCK) < 0) {
      this.fail(new Error("no pipe for the thread that splices"));
      return;
    }
    for (const end of ends) this.held.add(end);
    this.pipe = ends[1];
    const worker = this.start();
    this.worker = worker;
    worker.onmessage = ({ data }) => this.ended((data as SpliceReport).ended);
    worker.onerror = (event) => {
      event.preventDefault();
      this.fail(new Error(`the thread that splices failed: ${event.message}`));
    };
    worker.addEventListener("close", () => this.fail(new Error("the thread that splices ended")));
    const message: SpliceStart = { commands: ends[0], held: this.held.buffer };
    worker.postMessage(message);
  }

  private ended(numbers: readonly number[]): void {
    for (let at = 0; at < numbers.length; at += 3) {
      this.end(numbers[at], numbers[at + 1], numbers[at + 2]);
    }
  }

  /** No pair can be relayed any more: those that were are closed, others are not taken. */
  private fail(error: Error): void {
    if (this.broken) return;
    this.broken = true;
    reportUncaught(error);
    for (const id of this.pairs.keys()) this.end(id, 0, 0);
  }

  private close(fd: number): void {
    if (fd < 0) return;
    this.held.delete(fd);
    this.libc.close(fd);
  }

  private end(id: number, fromA: number, fromB: number): void {
    const pair = this.pairs.get(id);
    if (pair === undefined) return;
    this.pairs.delete(id);
    this.close(pair.a);
    this.close(pair.b);
    pair.options.closed(fromA, fromB);
  }
}

/** Splices a byte from one pipe to another one. Throws where that fails: in a sandbox, for example. */
function tryOut(libc: Libc): void {
  const ends = new Int32Array(5).fill(-1);
  const at = (index: number) => ptr(ends.subarray(index));
  const byte = new Uint8Array(1);
  try {
    ends[4] = libc.epoll_create1(O_CLOEXEC);
    const made =
      ends[4] >= 0 &&
      libc.pipe2(at(0), O_CLOEXEC | O_NONBLOCK) === 0 &&
      libc.pipe2(at(2), O_CLOEXEC | O_NONBLOCK) === 0 &&
      libc.write(ends[1], ptr(byte), 1) === 1;
    if (!made || libc.splice(ends[0], null, ends[3], null, 1, SPLICE_F_NONBLOCK) !== 1)
      throw new Error("the system does not splice");
  } finally {
    for (const fd of ends) if (fd >= 0) libc.close(fd);
  }
}

/** Closes descriptors of any kind; sockets are reset. */
export function resetDescriptors(libc: Libc, descriptors: readonly number[]): void {
  for (const fd of descriptors) {
    libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, ptr(RESET), 8);
    libc.close(fd);
  }
}

const KEEP = Int32Array.of(0, 0);
const RESET = Int32Array.of(1, 0);
