import { ErrorCode, type Http2Session, type Http2Stream } from "../../wire/http2/message.ts";

/**
 * Streams whose request the session has answered itself while it wasn't complete. They are reset when
 * the client has had time to read the answer, oldest first.
 */
export class Http2RefusedStreams<Owner> {
  private readonly streams: { stream: Http2Stream<Owner>; deadline: number }[] = [];

  /** When to reset the oldest, in milliseconds of `now()`; 0 where there is none. */
  get due(): number {
    return this.streams[0]?.deadline ?? 0;
  }

  add(stream: Http2Stream<Owner>, deadline: number): void {
    this.streams.push({ stream, deadline });
  }

  /** Resets those that are due at `time`. */
  reset(session: Http2Session<Owner>, time: number): void {
    const { streams } = this;
    while (streams.length > 0 && streams[0].deadline <= time) {
      session.reset(streams.shift()!.stream, ErrorCode.noError);
    }
  }
}
