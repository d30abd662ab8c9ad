/** Descriptors from 0 that the set has room for: more than a process may open by default. */
const MOST = 1 << 20;

/**
 * Descriptors that a thread has opened by itself, in shared memory: when the thread comes to an end
 * without having closed them, another one can.
 */
export class DescriptorSet {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(MOST / 8)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
  }

  /** False where there is no room for it. */
  add(fd: number): boolean {
    if (fd < 0 || fd >= MOST) return false;
    Atomics.or(this.words, fd >> 5, 1 << (fd & 31));
    return true;
  }

  /** Before it is closed: its number may be another one's right after. */
  delete(fd: number): void {
    Atomics.and(this.words, fd >> 5, ~(1 << (fd & 31)));
  }

  /** All of them; the set is empty from then on. */
  take(): number[] {
    const taken: number[] = [];
    for (let word = 0; word < this.words.length; word++) {
      let bits = Atomics.exchange(this.words, word, 0);
      for (; bits !== 0; bits &= bits - 1) taken.push(word * 32 + 31 - Math.clz32(bits & -bits));
    }
    return taken;
  }
}
