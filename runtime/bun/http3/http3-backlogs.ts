/** Bytes of one request's body that wait for their reader, at most. */
const MAX_OF_STREAM = 64 * 1024 * 1024;
/** Those of all requests together. */
const MAX_TOGETHER = 256 * 1024 * 1024;
/** How often it is looked at, in milliseconds. */
const TICK = 50;

/** A request whose body's reader asks for pauses. */
export interface Backlogged {
  /** Received bytes that no reader has taken yet. */
  readonly backlog: number;
  /** Nothing more of the body is wanted, nor what waits. */
  overflow(): void;
}

/**
 * Bounds what requests hold in memory: node:quic of Bun 1.4.5 takes a body as fast as the client
 * sends it, whether anybody reads it or not, and has no way to leave a client's flow-control window
 * closed.
 */
export class Http3Backlogs {
  private readonly streams = new Set<Backlogged>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Looks after it from now on. */
  add(stream: Backlogged): void {
    this.streams.add(stream);
    this.timer ??= setInterval(() => this.look(), TICK);
  }

  remove(stream: Backlogged): void {
    if (this.streams.delete(stream) && this.streams.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  /** The timer calls this. */
  look(): void {
    const backlogs = [...this.streams].map((stream) => ({ stream, size: stream.backlog }));
    backlogs.sort((one, other) => other.size - one.size);
    let together = backlogs.reduce((sum, { size }) => sum + size, 0);
    for (const { stream, size } of backlogs) {
      if (size <= MAX_OF_STREAM && together <= MAX_TOGETHER) return;
      together -= size;
      this.remove(stream);
      stream.overflow();
    }
  }
}
