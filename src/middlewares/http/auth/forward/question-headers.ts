import type { Exchange } from "../../../../http/exchange.ts";
import { removeNamedByConnection } from "../../../../http/fields/connection-fields.ts";
import { appendForwardedFor } from "../../../../http/fields/forwarded-for.ts";
import type { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { FIELD_NAMES, FieldId, FORWARDED_IDS } from "../../../../wire/field-names.ts";
import { NOT_TO_UPSTREAM } from "../../../../wire/field-sets.ts";
import type { HeaderList } from "../../../../wire/header-list.ts";

export interface QuestionHeadersOptions {
  /** True, false, and not said are three things; see `questionHeaders`. */
  readonly trustForwardHeader?: boolean | undefined;
  readonly authRequestHeaders?: readonly string[] | undefined;
  readonly forwardBody?: boolean | undefined;
}

type QuestionHeaders = (request: LazyRequest, exchange: Exchange) => HeaderList;

/** About a body that isn't sent along, or is framed anew. */
const BODY_IDS = [FieldId.contentLength, FieldId.transferEncoding, FieldId.trailer, FieldId.expect];

/**
 * The fields of the question whether a request may pass: the client's, or the listed ones, and what the
 * server must know of the request. What proxies before said of it (X-Forwarded-...) is kept and completed
 * where it is trusted, taken away where it is not, and where nothing says so only replaced by what is known here.
 * Source: Traefik's pkg/middlewares/auth/forward.go (writeHeader).
 */
export function questionHeaders(options: QuestionHeadersOptions): QuestionHeaders {
  const { trustForwardHeader, authRequestHeaders = [] } = options;
  const listed = new Set(authRequestHeaders.map((name) => name.toLowerCase()));
  const trusts = trustForwardHeader === true;
  if (trusts && listed.size > 0)
    for (const id of FORWARDED_IDS) listed.add(FIELD_NAMES[id].toLowerCase());
  return (request, exchange) => {
    const list = request.headerList.clone();
    removeNamedByConnection(list);
    for (let i = 0; i < list.slots; i++) {
      const id = list.idAt(i);
      if (id < 0) continue;
      const hop = NOT_TO_UPSTREAM[id] === 1 && id !== FieldId.xForwardedFor;
      if (hop || BODY_IDS.includes(id as never)) list.removeAt(i);
      else if (listed.size > 0 && !listed.has(list.nameAt(i).toLowerCase())) list.removeAt(i);
    }
    if (trustForwardHeader === false) for (const id of FORWARDED_IDS) list.deleteId(id);
    if (!trusts) list.deleteId(FieldId.xForwardedFor);
    appendForwardedFor(list, exchange.downstream.remote.ip);
    const set = (id: number, value: string) => {
      if (trusts && (list.get(FIELD_NAMES[id].toLowerCase()) ?? "") !== "") return;
      if (value === "") list.deleteId(id);
      else list.setId(id, value);
    };
    set(FieldId.xForwardedMethod, request.method);
    set(FieldId.xForwardedProto, exchange.downstream.tls === null ? "http" : "https");
    set(FieldId.xForwardedHost, request.host);
    set(FieldId.xForwardedUri, request.target);
    return list;
  };
}
