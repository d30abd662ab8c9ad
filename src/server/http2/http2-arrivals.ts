import { inTurns } from "../../core/loop/in-turns.ts";
import type { Http2Wire } from "./http2-wire.ts";

/** Requests of a client that are started before other connections have their turn. */
const AT_ONCE = 8;
/** Of the others so many are started between two looks at the clock, and as many as half a millisecond has room for. */
const LATER = 4;
const STRETCH = 0.5;

/**
 * Streams of a connection whose request no handler has got yet, in their order. They are started a few at
 * a time: a client that brings many doesn't make the others' wait for all of them.
 */
export class Http2Arrivals {
  private readonly streams: Http2Wire[] = [];
  /** There are more than were started at once. */
  private waiting = false;
  private readonly startMore: () => void;

  /** `started`: some were started, behind the events at hand. */
  constructor(started: () => void) {
    this.startMore = () => {
      this.waiting = false;
      const end = performance.now() + STRETCH;
      do this.startSome(LATER);
      while (this.streams.length > 0 && performance.now() < end);
      started();
      this.startLater();
    };
  }

  add(stream: Http2Wire): void {
    this.streams.push(stream);
  }

  start(): void {
    if (this.waiting) return;
    this.startSome(AT_ONCE);
    this.startLater();
  }

  private startSome(most: number): void {
    const { streams } = this;
    if (streams.length === 0) return;
    const count = Math.min(streams.length, most);
    // Those that are over by now see to it themselves.
    for (let i = 0; i < count; i++) streams[i].dispatch();
    if (count === streams.length) {
      streams.length = 0;
      return;
    }
    streams.splice(0, count);
  }

  private startLater(): void {
    if (this.waiting || this.streams.length === 0) return;
    this.waiting = true;
    inTurns(this.startMore);
  }
}
