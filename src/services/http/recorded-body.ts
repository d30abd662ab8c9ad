import { ByteQueue } from "../../core/byte-queue.ts";
import type { ProxyError } from "../../core/errors.ts";
import { PassedBody } from "../../http/bodies/passed-body.ts";
import type { Body } from "../../http/body.ts";

/** Passes a request's body on as it comes and remembers it, up to a number of bytes. */
export class RecordedBody extends PassedBody {
  private readonly limit: number;
  /** Null once there are too many. */
  private kept: ByteQueue | null = new ByteQueue();
  private size = 0;
  private ended = false;

  /** `limit` below 0 for none. */
  constructor(source: Body, limit: number) {
    super(source);
    this.limit = limit;
  }

  /** The whole body; null where it didn't come to its end, or was too large. */
  bytes(): Uint8Array | null {
    return this.ended && this.kept !== null ? this.kept.take() : null;
  }

  override bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start;
    if (this.limit >= 0 && this.size > this.limit) this.kept = null;
    this.kept?.pushCopy(bytes, start, end);
    super.bodyChunk(bytes, start, end);
  }

  override bodyEnd(): void {
    this.ended = true;
    super.bodyEnd();
  }

  override bodyFail(error: ProxyError): void {
    this.kept = null;
    super.bodyFail(error);
  }
}
