import type { Exchange } from "../../../../http/exchange.ts";
import type { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { FieldId } from "../../../../wire/field-names.ts";

/** A request's URL as the client knows it, whatever middlewares made of its path. */
export interface ClientView {
  /** As in "https://app.example.com". */
  readonly origin: string;
  readonly isSecure: boolean;
  readonly path: string;
  /** With its "?", or "". */
  readonly search: string;
}

/** A longer target isn't kept for behind a login. */
const LONGEST_TARGET = 2048;

/** Null where the request has no usable host. The entrypoint has judged the forwarded fields. */
export function clientView(lazy: LazyRequest, exchange: Exchange): ClientView | null {
  const { headerList } = lazy;
  const proto = headerList.first("x-forwarded-proto")?.toLowerCase() ?? lazy.scheme;
  const isSecure = proto === "https" || proto === "wss";
  const host = headerList.first("x-forwarded-host") || exchange.host || lazy.host;
  if (!/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host)) return null;
  const target = exchange.normalTarget || exchange.target || lazy.target;
  // The absolute form is for proxies; what follows its authority is the path.
  const local = target.startsWith("/") ? target : lazy.target;
  const at = local.indexOf("?");
  return {
    origin: `${isSecure ? "https" : "http"}://${host.toLowerCase()}`,
    isSecure,
    path: at < 0 ? local : local.slice(0, at),
    search: at < 0 ? "" : local.slice(at),
  };
}

/** Where a login leads back to: always a path of the same origin. */
export function returnTarget({ path, search }: ClientView): string {
  const target = path + search;
  return target.startsWith("/") && target.length <= LONGEST_TARGET ? target : "/";
}

/**
 * A person's browser asks for a page: only such a request can be sent through a login. Browsers say so in
 * Sec-Fetch-Mode; of those that don't, Accept must have HTML.
 */
export function isNavigation({ method, upgrade, headerList }: LazyRequest): boolean {
  if (method !== "GET" || upgrade !== "") return false;
  const mode = headerList.first("sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  const slot = headerList.findId(FieldId.accept);
  return slot >= 0 && /(?:^|[,\s])text\/html\b/i.test(headerList.get("accept") ?? "");
}
