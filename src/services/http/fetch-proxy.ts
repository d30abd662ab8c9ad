import { ProxyError } from "../../core/errors.ts";
import type { Handler } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { FieldId } from "../../wire/field-names.ts";
import { NOT_TO_FETCH } from "../../wire/field-sets.ts";

/**
 * The reverse proxy of platforms without sockets: it asks the server through `fetch`. Slower than
 * the socket transport, and with less to give: no trailers, no upgrades, the server's own host in
 * Host, and bodies that the platform has decompressed (so Content-Encoding and -Length are dropped).
 */
export function fetchProxy(origin: string, basePath = ""): Handler {
  return async (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    const { headerList } = lazy;
    exchange.serverUrl = origin;
    const headers = new Headers();
    for (let slot = 0; slot < headerList.slots; slot++) {
      const id = headerList.idAt(slot);
      if (id !== FieldId.deleted && NOT_TO_FETCH[id] !== 1)
        headers.append(headerList.nameAt(slot), headerList.valueAt(slot));
    }
    const peer = exchange.downstream.remote.ip;
    if (peer !== "") headers.append("x-forwarded-for", peer);
    let response: Response;
    try {
      response = await fetch(`${origin}${basePath}${lazy.target}`, {
        method: lazy.method,
        headers,
        body: lazy.method === "GET" || lazy.method === "HEAD" ? null : lazy.body,
        redirect: "manual",
        signal: exchange.signal,
        duplex: "half",
      } as RequestInit);
    } catch (cause) {
      if (exchange.aborted !== null) throw exchange.aborted;
      throw new ProxyError("connect-failed", "upstream", `${origin}: the request failed`, {
        cause,
      });
    }
    const answer = LazyResponse.of(response);
    exchange.originStatus = answer.status;
    if (answer.headerList.has("content-encoding")) {
      answer.headerList.delete("content-encoding");
      answer.headerList.delete("content-length");
    }
    answer.headerList.deleteId(FieldId.connection);
    answer.headerList.deleteId(FieldId.transferEncoding);
    return answer;
  };
}
