import { ProxyError } from "../../../core/errors.ts";
import type { Deadlines, Expiring } from "../../../core/timers.ts";
import { PassedBody } from "../../../http/bodies/passed-body.ts";
import type { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { whenSettled } from "../../../http/handler.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";

/**
 * `timeout`, ours: how long a router's requests may take. 504 where the response has not begun within `response`, tries
 * and the request's body included; what was asked is called off. A response that has begun breaks off where its
 * server sends nothing for `idle`. In milliseconds; 0 is no limit. Upgraded connections have none.
 */
export const timeout: HttpMiddlewareKind<"timeout"> = {
  create({ response: limit = 0, idle = 0 }, { deadlines }) {
    if (limit === 0 && idle === 0)
      throw new Error("timeout: expected response, idle or both above 0, found neither");
    return {
      middleware: (next) => (request, exchange) => {
        const watch = limit === 0 ? null : new Watch(exchange, deadlines, limit);
        let result: Response | Promise<Response>;
        try {
          result = next(request, exchange);
        } catch (error) {
          watch?.stop();
          throw error;
        }
        return whenSettled(
          result,
          exchange,
          (response) => {
            watch?.stop();
            return idle === 0 ? response : heeded(LazyResponse.of(response), deadlines, idle);
          },
          (error) => {
            watch?.stop();
            throw error;
          },
        );
      },
    };
  },
};

/** Waits for the beginning of a response. */
class Watch implements Expiring {
  deadline: number;
  private readonly exchange: Exchange;
  private readonly deadlines: Deadlines;

  constructor(exchange: Exchange, deadlines: Deadlines, limit: number) {
    this.exchange = exchange;
    this.deadlines = deadlines;
    deadlines.add(this);
    this.deadline = deadlines.after(limit);
    // A client may leave before.
    exchange.onFinish(() => this.stop());
  }

  stop(): void {
    this.deadline = 0;
    this.deadlines.remove(this);
  }

  expired(): void {
    this.stop();
    const { downstream } = this.exchange;
    if (downstream.giveUp === undefined) this.exchange.abort(TOO_LATE);
    else downstream.giveUp(TOO_LATE);
  }
}

function heeded(response: LazyResponse, deadlines: Deadlines, limit: number): LazyResponse {
  const body = response.tunnel === null ? response.takeBody() : null;
  if (body !== null) response.setBody(new HeededBody(body, deadlines, limit).body);
  return response;
}

/** Passes a body on and breaks it off where nothing comes of it for too long, though its reader takes it. */
class HeededBody extends PassedBody implements Expiring {
  deadline = 0;
  private readonly deadlines: Deadlines;
  private readonly limit: number;
  /** Its reader takes nothing at present. */
  private held = false;

  constructor(source: Body, deadlines: Deadlines, limit: number) {
    super(source);
    this.deadlines = deadlines;
    this.limit = limit;
  }

  expired(): void {
    this.stop();
    this.refuse(SILENT);
  }

  override startBody(): void {
    this.deadlines.add(this);
    this.wait();
    super.startBody();
  }

  override pauseBody(): void {
    this.held = true;
    this.deadline = 0;
    super.pauseBody();
  }

  override resumeBody(): void {
    this.held = false;
    this.wait();
    super.resumeBody();
  }

  override cancelBody(error: ProxyError): void {
    this.stop();
    super.cancelBody(error);
  }

  override bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    if (!this.held) this.wait();
    super.bodyChunk(bytes, start, end);
  }

  override bodyEnd(): void {
    this.stop();
    super.bodyEnd();
  }

  override bodyFail(error: ProxyError): void {
    this.stop();
    super.bodyFail(error);
  }

  private wait(): void {
    this.deadline = this.deadlines.after(this.limit);
  }

  private stop(): void {
    this.deadline = 0;
    this.deadlines.remove(this);
  }
}

const TOO_LATE = new ProxyError(
  "response-timeout",
  "upstream",
  "There was no response within the router's timeout",
);

const SILENT = new ProxyError(
  "response-timeout",
  "upstream",
  "Nothing came of the response's body within the router's timeout",
);
