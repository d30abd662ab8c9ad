import type { Exchange } from "../../../http/exchange.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { FieldId } from "../../../wire/field-names.ts";
import type { HeaderList } from "../../../wire/header-list.ts";
import type { KeyOptions } from "./cache-options.ts";

/** Where a response is kept. */
export interface CacheKey {
  /** Scheme, host, path and query as they go to the server. */
  readonly url: string;
  /**
   * What else may make it another response: the router that the request took, what proxies before us say of the
   * request's host, port and prefix, and the fields that the options name.
   */
  readonly view: string;
}

/** The key of a request as it stands before the cache. */
export function cacheKey(request: LazyRequest, exchange: Exchange, options: KeyOptions): CacheKey {
  const { headerList: list, host } = request;
  const scheme = schemeOf(request);
  const url = `${scheme}://${host}${keyTarget(request.target, options)}`;
  return { url, view: viewOf(list, exchange.router, scheme, host, options.headers) };
}

function schemeOf({ headerList, scheme }: LazyRequest): string {
  // What the server makes its redirects of, where a proxy before us terminated TLS.
  const at = headerList.findId(FieldId.xForwardedProto);
  if (at < 0 || headerList.valueIs(at, scheme)) return scheme;
  return headerList.valueAt(at);
}

function viewOf(
  list: HeaderList,
  router: string,
  scheme: string,
  host: string,
  names: readonly string[],
): string {
  let view = router;
  const forwardedHost = list.findId(FieldId.xForwardedHost);
  if (forwardedHost >= 0 && !list.valueIs(forwardedHost, host))
    view += `\nhost ${list.valueAt(forwardedHost)}`;
  const forwardedPort = list.findId(FieldId.xForwardedPort);
  if (forwardedPort >= 0 && !list.valueIs(forwardedPort, portOf(scheme, host)))
    view += `\nport ${list.valueAt(forwardedPort)}`;
  const prefix = list.findId(FieldId.xForwardedPrefix);
  if (prefix >= 0) view += `\nprefix ${list.valueAt(prefix)}`;
  for (let i = 0; i < names.length; i++) view += `\n${names[i]} ${list.get(names[i]) ?? ""}`;
  return view;
}

function portOf(scheme: string, host: string): string {
  const colon = host.lastIndexOf(":");
  if (colon > host.lastIndexOf("]")) return host.slice(colon + 1);
  return scheme === "https" ? "443" : "80";
}

/** The part of a request target that counts. */
export function keyTarget(target: string, { query, parameters }: KeyOptions): string {
  if (query && parameters === null) return target;
  const mark = target.indexOf("?");
  if (mark < 0) return target;
  const path = target.slice(0, mark);
  if (parameters === null) return path;
  const kept = target
    .slice(mark + 1)
    .split("&")
    .filter((part) => parameters.has(nameOf(part)));
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}

function nameOf(part: string): string {
  const end = part.indexOf("=");
  const name = (end < 0 ? part : part.slice(0, end)).replaceAll("+", " ");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
