import type { Exchange } from "../../http/exchange.ts";
import type { Handler } from "../../http/handler.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { PendingResponse } from "../../http/pending-response.ts";

/** Who gets what a handler returned or threw, now or later. Both are called without a `this`. */
export interface HandlerCaller {
  readonly answer: (response: Response) => void;
  readonly respondToFailure: (error: unknown) => void;
}

export function callHandler(
  handler: Handler,
  request: LazyRequest,
  exchange: Exchange,
  { answer, respondToFailure }: HandlerCaller,
): void {
  let result: Response | Promise<Response>;
  try {
    result = handler(request as unknown as Request, exchange);
  } catch (error) {
    respondToFailure(error);
    return;
  }
  // The usual one first: a call to an upstream, which needs no promise's turn.
  if (result instanceof PendingResponse) result.deliverTo(answer, respondToFailure);
  else if (result instanceof Promise) result.then(answer, respondToFailure);
  else answer(result);
}
