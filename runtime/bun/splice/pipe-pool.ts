import { ptr } from "bun:ffi";
import type { DescriptorSet } from "./descriptor-set.ts";
import { F_SETPIPE_SZ, type Libc, O_CLOEXEC, O_NONBLOCK } from "./libc.ts";

/** Bytes that a pipe is asked to hold. The kernel may refuse: then it is 64 KiB. */
const CAPACITY = 256 * 1024;
/** Empty pipes that are kept. */
const KEPT = 32;

/**
 * Pipes that bytes pass on their way between two sockets. A pipe is with a connection only while
 * bytes are in it: many connections share few of them.
 */
export class PipePool {
  private readonly libc: Libc;
  private readonly held: DescriptorSet;
  private readonly idle: number[] = [];
  private readonly made = new Int32Array(2);
  private readonly address = ptr(this.made);

  constructor(libc: Libc, held: DescriptorSet) {
    this.libc = libc;
    this.held = held;
  }

  /** A pipe, as a number that `readEnd` and `writeEnd` take apart; -1 where there is none now. */
  take(): number {
    return this.idle.pop() ?? this.make();
  }

  /** Takes an empty pipe back. */
  give(pipe: number): void {
    if (this.idle.length < KEPT) this.idle.push(pipe);
    else this.discard(pipe);
  }

  /** Closes a pipe with whatever is in it. */
  discard(pipe: number): void {
    for (const end of [readEnd(pipe), writeEnd(pipe)]) {
      this.held.delete(end);
      this.libc.close(end);
    }
  }

  /** Makes sure that the next `take` gets one. */
  get ready(): boolean {
    if (this.idle.length > 0) return true;
    const pipe = this.make();
    if (pipe >= 0) this.idle.push(pipe);
    return pipe >= 0;
  }

  private make(): number {
    const { libc, made } = this;
    if (libc.pipe2(this.address, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
    const [reading, writing] = made;
    for (const end of made) this.held.add(end);
    libc.fcntl(writing, F_SETPIPE_SZ, CAPACITY);
    return writing * SHIFT + reading;
  }
}

/** Above every file descriptor; two below it fit a number exactly. */
const SHIFT = 2 ** 22;

export const readEnd = (pipe: number) => pipe % SHIFT;
export const writeEnd = (pipe: number) => Math.floor(pipe / SHIFT);
