/** How often it is looked, in milliseconds. */
const TICK = 1_000;
/** So many looks in a row without a beat: the worker hangs. */
const PATIENCE = 10;

/**
 * Sees which worker's event loop has stopped turning. It counts its own looks and not the time, so
 * that a process that slept as a whole is none that hangs.
 */
export class Heartbeats {
  private readonly beats: Int32Array;
  private readonly last: number[];
  private readonly missed: number[];
  private readonly hangs: (index: number) => void;
  private readonly timer: ReturnType<typeof setInterval>;

  /** `hangs` hears of each worker once, until `forget`. */
  constructor(memory: SharedArrayBuffer, hangs: (index: number) => void) {
    this.beats = new Int32Array(memory);
    this.last = Array.from(this.beats, () => 0);
    this.missed = Array.from(this.beats, () => 0);
    this.hangs = hangs;
    this.timer = setInterval(() => this.look(), TICK);
  }

  /** The timer calls this; tests may. */
  look(): void {
    for (let i = 0; i < this.last.length; i++) {
      const beat = Atomics.load(this.beats, i);
      // One that has never beaten is still starting.
      if (beat === 0 || beat !== this.last[i]) this.missed[i] = 0;
      else if (++this.missed[i] === PATIENCE) this.hangs(i);
      this.last[i] = beat;
    }
  }

  /** Another worker is in that one's place. */
  forget(index: number): void {
    Atomics.store(this.beats, index, 0);
    this.missed[index] = 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
