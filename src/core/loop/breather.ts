/**
 * Gives the event loop a turn whenever work has gone on for some time, so that reading and compiling
 * ten thousand routers does not hold up the requests of the present configuration.
 */
export class Breather {
  private readonly stretch: number;
  private since = performance.now();

  /** `stretch`: milliseconds of work between two turns. */
  constructor(stretch = 10) {
    this.stretch = stretch;
  }

  /** Await it only where it isn't undefined: no promise while there is time left. */
  breathe(): Promise<void> | undefined {
    if (performance.now() - this.since < this.stretch) return undefined;
    return this.turn();
  }

  /** Gives a turn now, before something that takes long by itself. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(() => {
        this.since = performance.now();
        resolve();
      }, 0);
    });
  }
}
