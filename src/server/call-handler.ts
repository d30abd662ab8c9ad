import type { Exchange } from "../http/exchange.ts";
import type { Handler } from "../http/handler.ts";
import type { LazyRequest } from "../http/lazy-request.ts";
import { PendingResponse } from "../http/pending-response.ts";

/** Who gets what a handler returned or threw, now or later. */
export interface HandlerCaller {
  answer(response: Response): void;
  respondToFailure(error: unknown): void;
}

export function callHandler(
  handler: Handler,
  request: LazyRequest,
  exchange: Exchange,
  caller: HandlerCaller,
): void {
  let result: Response | Promise<Response>;
  try {
    result = handler(request as unknown as Request, exchange);
  } catch (error) {
    caller.respondToFailure(error);
    return;
  }
  if (!(result instanceof Promise)) {
    caller.answer(result);
    return;
  }
  const answer = (response: Response) => caller.answer(response);
  const fail = (error: unknown) => caller.respondToFailure(error);
  // The usual one first: a call to an upstream, which needs no promise's turn.
  if (result instanceof PendingResponse) result.deliverTo(answer, fail);
  else result.then(answer, fail);
}
