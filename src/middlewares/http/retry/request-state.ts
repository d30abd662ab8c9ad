import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";

/**
 * A request as it is now, without its body: links behind this one change it in place, and the next try begins
 * anew. Returns what puts it back, as often as it is called.
 */
export function requestState(request: LazyRequest): () => void {
  const { method, scheme, host, target, upgrade, emptyPath, forwardPeer, exchange } = request;
  const headers = request.headerList.clone();
  return () => {
    const shown = exchange.requestHeaders === request.headerList;
    Object.assign(request, { method, scheme, host, target, upgrade, emptyPath, forwardPeer });
    request.headerList = headers.clone();
    // The access log shows the list that middlewares change.
    if (shown) exchange.requestHeaders = request.headerList;
  };
}
