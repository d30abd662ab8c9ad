import type { Exchange } from "../../../http/exchange.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { FieldId } from "../../../wire/field-names.ts";

/** What basicAuth and digestAuth do with a request whose user is known. */
export interface AuthenticatedOptions {
  readonly headerField?: string | undefined;
  readonly removeHeader?: boolean | undefined;
}

/** Tells the server and the log who asks. `user` is Latin-1 text. */
export function authenticated(
  { headerField = "", removeHeader = false }: AuthenticatedOptions,
  user: string,
  request: LazyRequest,
  exchange: Exchange,
): void {
  exchange.clientUsername = user;
  // In the spelling of the configuration, as Traefik writes it.
  if (headerField !== "") request.headerList.set(headerField, user);
  if (removeHeader) request.headerList.deleteId(FieldId.authorization);
}
