import type { Handler } from "../../../http/handler.ts";

/** Counts the requests that a handler has and that are not answered to their end. */
export class InFlight {
  count = 0;
  readonly handler: Handler;

  constructor(next: Handler) {
    const over = () => {
      this.count--;
    };
    this.handler = (request, exchange) => {
      this.count++;
      exchange.onFinish(over);
      return next(request, exchange);
    };
  }
}
