import { ByteQueue } from "../../../../core/byte-queue.ts";
import { ProxyError } from "../../../../core/errors.ts";
import type { Deadlines, Expiring } from "../../../../core/timers.ts";
import type { Body } from "../../../../http/body.ts";
import type { Exchange } from "../../../../http/exchange.ts";
import type { Handler } from "../../../../http/handler.ts";
import type { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../http/lazy/lazy-response.ts";

/** For all of an answer, its body included, in milliseconds, as in Traefik. */
const TIME_LIMIT = 30_000;

const NOTHING = new Uint8Array(0);

/** What a server that is asked by a middleware has answered. */
export interface Answer {
  readonly response: LazyResponse;
  /** The whole body, empty where the status says that nothing needs it; null where it is larger than allowed. */
  readonly body: Uint8Array | null;
}

/** One question to a server because of a request. It ends with that request, and after 30 seconds at the latest. */
export class Question implements Expiring {
  deadline = 0;
  private readonly side: Exchange;
  private readonly deadlines: Deadlines;
  private readonly ended = Promise.withResolvers<never>();
  private body: Body | null = null;

  /** `side`: the question's own exchange. `exchange`: that of the request that it is about. */
  constructor(side: Exchange, exchange: Exchange, deadlines: Deadlines) {
    this.side = side;
    this.deadlines = deadlines;
    this.ended.promise.catch(() => {});
    exchange.onAbort((error) => this.end(error));
  }

  /**
   * Rejects where there is no answer, or it breaks off. `limit`: bytes of the body; below 0 for any number.
   * `kept`: the body of a 2xx is wanted as well.
   */
  async ask(server: Handler, request: LazyRequest, limit: number, kept = false): Promise<Answer> {
    const { side, deadlines, ended } = this;
    deadlines.add(this);
    this.deadline = deadlines.after(TIME_LIMIT);
    try {
      const response = LazyResponse.of(await server(request, side));
      // The transport answers for failures of the network: here they are no answer.
      if (side.error !== null) throw side.error;
      this.body = response.takeBody();
      if (this.body === null) return { response, body: NOTHING };
      const body = collected(this.body, limit, kept || !isAllowing(response.status));
      return { response, body: await Promise.race([body, ended.promise]) };
    } finally {
      deadlines.remove(this);
      side.finish();
    }
  }

  expired(): void {
    this.end(new ProxyError("response-timeout", "upstream", "No whole answer within 30 s"));
  }

  private end(error: ProxyError): void {
    this.side.abort(error);
    this.body?.cancel(error);
    this.ended.reject(error);
  }
}

/** Reads a body to its end; null where it has more than `limit` bytes. */
function collected(body: Body, limit: number, kept: boolean): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const queue = new ByteQueue();
    let size = 0;
    body.pipe({
      bodyChunk(bytes, start, end) {
        size += end - start;
        if (limit >= 0 && size > limit) {
          body.cancel(new ProxyError("aborted", "internal", "The answer is larger than is taken"));
          resolve(null);
        } else if (kept) {
          queue.pushCopy(bytes, start, end);
        }
      },
      bodyFlush() {},
      bodyEnd: () => resolve(queue.take()),
      bodyFail: reject,
    });
  });
}

/** True for the statuses that let a request pass. */
export function isAllowing(status: number): boolean {
  return status >= 200 && status < 300;
}
