import type { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { sideExchange } from "../../../http/side-exchange.ts";

type Send = (request: LazyRequest, exchange: Exchange) => Response | Promise<Response>;

/** Sends a copy of a request that no client waits for, and reads the answer to its end. Never rejects. */
export async function inBackground(
  request: LazyRequest,
  exchange: Exchange,
  send: Send,
): Promise<void> {
  const side = sideExchange(exchange);
  const { scheme, host, target, headerList, emptyPath, forwardPeer } = request;
  const list = headerList.clone();
  const copy = new LazyRequest(side, "GET", scheme, host, target, list, null);
  copy.emptyPath = emptyPath;
  copy.forwardPeer = forwardPeer;
  try {
    const response = await send(copy, side);
    await drained(LazyResponse.of(response).takeBody());
  } catch {
    // What is stored stays as stale as it is; a request that comes later asks again.
  } finally {
    side.finish();
  }
}

function drained(body: Body | null): Promise<void> {
  return new Promise((resolve, reject) => {
    if (body === null) resolve();
    else body.pipe({ bodyChunk() {}, bodyFlush() {}, bodyEnd: resolve, bodyFail: reject });
  });
}
