import { expect } from "bun:test";
import type { Http2Limits } from "../../../../src/wire/http2/message.ts";
import { Flag, FrameType } from "../../../support/http/raw-http2.ts";
import { framesOf } from "./session-scene.ts";

/** Looks at one direction's frames and finds what no peer could accept. */
export class WireWatch {
  private readonly maxFrame: number;
  private readonly streamWindow: number;
  private window = 65_535;
  private readonly windows = new Map<number, number>();
  private readonly ended = new Set<number>();

  /** `receiver`: the limits of the end that the frames go to. */
  constructor(receiver: Http2Limits) {
    this.maxFrame = receiver.maxFrameSize;
    this.streamWindow = Math.max(receiver.streamWindow, 65_535);
  }

  /** What may be sent on the connection. */
  get left(): number {
    return this.window;
  }

  leftOf(stream: number): number {
    return this.windows.get(stream) ?? this.streamWindow;
  }

  frames(bytes: Uint8Array, other: WireWatch): void {
    for (const { type, flags, stream, payload } of framesOf(bytes)) {
      expect(payload.length).toBeLessThanOrEqual(this.maxFrame);
      if (type === FrameType.windowUpdate) {
        other.opened(stream, Buffer.from(payload).readUInt32BE(0));
      } else if (type === FrameType.rstStream) {
        this.ended.add(stream);
      } else if (type === FrameType.data || type === FrameType.headers) {
        expect(this.ended.has(stream)).toBe(false);
        if (type === FrameType.data) {
          this.window -= payload.length;
          this.windows.set(stream, this.leftOf(stream) - payload.length);
          expect(Math.min(this.window, this.leftOf(stream))).toBeGreaterThanOrEqual(0);
        }
        if ((flags & Flag.endStream) !== 0) this.ended.add(stream);
      }
    }
  }

  opened(stream: number, by: number): void {
    expect(by).toBeGreaterThan(0);
    if (stream === 0) this.window += by;
    else this.windows.set(stream, this.leftOf(stream) + by);
    expect(Math.max(this.window, this.leftOf(stream))).toBeLessThan(2 ** 31);
  }
}
