import { ProxyError } from "../../core/errors.ts";
import type { Exchange } from "../../http/exchange.ts";
import { whenResponse } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { LazyResponse, reasonOf } from "../../http/lazy/lazy-response.ts";
import { statusRanges } from "../../services/http/status-ranges.ts";
import { FieldId } from "../../wire/field-names.ts";
import { HeaderList } from "../../wire/header-list.ts";
import type { HttpMiddlewareKind, HttpMiddlewareOptions } from "./http-middleware.ts";

const REPLACED = new ProxyError("aborted", "internal", "An error page takes the answer's place");

/**
 * `errors`: a page of another service takes the place of an answer with one of these statuses; the answer's
 * status stays, or is the one that `statusRewrites` has for it. Where several rewrites fit, the first counts.
 * Source: Traefik's pkg/middlewares/customerrors/custom_errors.go.
 */
export const errors: HttpMiddlewareKind<"errors"> = {
  services({ service = "" }) {
    if (service === "") throw new Error("errors: the service is missing");
    return [service];
  },
  create(options, { services: [page] }) {
    const isReplaced = statusRanges(options.status ?? []);
    const statusFor = rewrites(options.statusRewrites);
    const targetFor = pageTarget(options.query);
    const headersFor = pageHeaders(options.errorRequestHeaders);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        return whenResponse(next(lazy, exchange), exchange, (response) => {
          const { status } = response;
          // One that is the client's connection by now can't be replaced, and one for no client needn't be.
          if (!isReplaced(status) || status === 101 || exchange.aborted !== null) return response;
          exchange.retain();
          LazyResponse.of(response).takeBody()?.cancel(REPLACED);
          const shown = statusFor(status);
          const question = new LazyRequest(
            exchange,
            "GET",
            "http",
            lazy.host,
            targetFor(shown, status, lazy, exchange),
            headersFor(lazy.headerList),
            null,
          );
          // It comes from no peer.
          question.forwardPeer = false;
          return whenResponse(page(question, exchange), exchange, (answer) => {
            const shownAnswer = LazyResponse.of(answer);
            shownAnswer.status = shown;
            shownAnswer.reason = reasonOf(shown);
            return shownAnswer;
          });
        });
      },
    };
  },
};

function rewrites(
  map: HttpMiddlewareOptions<"errors">["statusRewrites"] = {},
): (status: number) => number {
  const list = Object.entries(map).map(([range, to]) => ({ fits: statusRanges([range]), to }));
  return (status) => list.find(({ fits }) => fits(status))?.to ?? status;
}

/** Path and query of the page: `{status}`, `{originalStatus}` and `{url}` filled in. */
function pageTarget(query = "") {
  const template = query === "" ? "/" : `/${query.replace(/^\//, "")}`;
  return (shown: number, original: number, lazy: LazyRequest, exchange: Exchange): string => {
    if (!template.includes("{")) return template;
    const scheme = exchange.downstream.tls === null ? "http" : "https";
    const url = `${scheme}://${lazy.host}${lazy.target}`;
    return template
      .replaceAll("{status}", String(shown))
      .replaceAll("{originalStatus}", String(original))
      .replaceAll("{url}", () => queryEscaped(url));
  };
}

/** As Go's url.QueryEscape; text of one code unit for each octet. */
function queryEscaped(octets: string): string {
  return octets.replace(/[^A-Za-z0-9\-_.~]/g, (octet) =>
    octet === " " ? "+" : `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** About the request's body, which the page isn't asked with, and its connection. */
const NOT_ASKED_WITH = [
  FieldId.contentLength,
  FieldId.transferEncoding,
  FieldId.trailer,
  FieldId.expect,
  FieldId.upgrade,
  FieldId.connection,
];

function pageHeaders(listed: readonly string[] | undefined): (list: HeaderList) => HeaderList {
  if (listed === undefined) {
    return (list) => {
      const copy = list.clone();
      for (const id of NOT_ASKED_WITH) copy.deleteId(id);
      return copy;
    };
  }
  const names = new Set(listed.map((name) => name.toLowerCase()));
  return (list) => {
    const copy = new HeaderList();
    for (const [name, value] of list.entries())
      if (names.has(name.toLowerCase())) copy.append(name, value);
    for (const id of NOT_ASKED_WITH) copy.deleteId(id);
    return copy;
  };
}
