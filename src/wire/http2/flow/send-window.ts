import { flowControlError } from "../connection-error.ts";
import { DEFAULT_WINDOW, LARGEST_WINDOW } from "../frames/frame.ts";
import type { Http2Sink } from "../message.ts";
import type { Stream } from "../stream.ts";

/** What the peer lets us send on the connection (RFC 9113 section 5.2), and the streams that wait for windows. */
export class SendWindow<Owner> {
  /** The connection's. */
  size = DEFAULT_WINDOW;
  /** What a stream begins with: the peer's SETTINGS_INITIAL_WINDOW_SIZE. */
  ofStream = DEFAULT_WINDOW;
  private readonly sink: Http2Sink<Owner>;
  /** In the order of their turns. */
  private waiting: Stream<Owner>[] = [];

  constructor(sink: Http2Sink<Owner>) {
    this.sink = sink;
  }

  /** The peer's WINDOW_UPDATE. Throws ConnectionError where the window becomes too large. */
  widen(increment: number): void {
    this.size += increment;
    if (this.size > LARGEST_WINDOW) throw flowControlError("The window is above 2^31-1");
    this.wake();
  }

  /** The stream has more to send than the windows allow. */
  wait(stream: Stream<Owner>): void {
    if (stream.blocked) return;
    stream.blocked = true;
    this.waiting.push(stream);
  }

  /** The stream is gone: a peer whose window stays closed could make us keep any number of those it has reset. */
  forget(stream: Stream<Owner>): void {
    if (!stream.blocked) return;
    stream.blocked = false;
    const at = this.waiting.indexOf(stream);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /**
   * Lets streams that waited have their turns, each as long as there is something to send with. Who
   * has to wait once more goes behind those that had no turn.
   */
  wake(): void {
    const { waiting } = this;
    if (waiting.length === 0 || this.size <= 0) return;
    this.waiting = [];
    const passedOver: Stream<Owner>[] = [];
    for (const stream of waiting) {
      if (stream.sendClosed) continue;
      if (this.size <= 0 || stream.sendWindow <= 0) {
        passedOver.push(stream);
      } else {
        stream.blocked = false;
        this.sink.streamWritable(stream);
      }
    }
    if (passedOver.length === 0) return;
    // The sink may have reset some of them meanwhile.
    this.waiting = passedOver.filter((stream) => !stream.sendClosed).concat(this.waiting);
  }
}
