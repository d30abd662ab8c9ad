/** How a stream came to its end, as far as that says what may still arrive for it. */
export const Closed = {
  /** Not known: never opened, or long ago. */
  unknown: 0,
  /** By END_STREAM on both sides, or by the peer's reset: the peer knows, nothing may follow. */
  known: 1,
  /** By our reset, which the peer may not have seen when it sent more. */
  reset: 2,
} as const;

const REMEMBERED = 256;

/** The last streams that were closed: a ring that takes the same memory whatever happens. */
export class ClosedStreams {
  private readonly ids = new Uint32Array(REMEMBERED);
  private readonly ways = new Uint8Array(REMEMBERED);
  private next = 0;

  add(id: number, way: number): void {
    this.ids[this.next] = id;
    this.ways[this.next] = way;
    this.next = (this.next + 1) % REMEMBERED;
  }

  find(id: number): number {
    const at = this.ids.indexOf(id);
    return at < 0 ? Closed.unknown : this.ways[at];
  }
}
