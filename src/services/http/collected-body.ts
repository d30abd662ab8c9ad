import { ByteQueue } from "../../core/byte-queue.ts";
import { ProxyError } from "../../core/errors.ts";
import type { Body } from "../../http/body.ts";

/**
 * A whole body in memory; null where it has more than `limit` bytes (below 0: any number), and then
 * the rest is not wanted. Rejects where it breaks off.
 */
export function collectedBody(body: Body, limit: number): Promise<Uint8Array | null> {
  if (limit >= 0 && body.length > limit) return Promise.resolve(tooLarge(body));
  return new Promise((resolve, reject) => {
    const kept = new ByteQueue();
    let size = 0;
    body.pipe({
      bodyChunk(bytes, start, end) {
        size += end - start;
        if (limit >= 0 && size > limit) resolve(tooLarge(body));
        else kept.pushCopy(bytes, start, end);
      },
      bodyFlush() {},
      bodyEnd: () => resolve(kept.take()),
      bodyFail: reject,
    });
  });
}

function tooLarge(body: Body): null {
  body.cancel(new ProxyError("aborted", "internal", "The body is larger than is taken"));
  return null;
}
