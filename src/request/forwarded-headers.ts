import { CidrSet } from "../core/cidr.ts";
import type { Exchange } from "../http/exchange.ts";
import { obeyConnection } from "../http/fields/connection-fields.ts";
import { bit, isManagedName, MANAGED } from "../http/fields/managed-fields.ts";
import type { Middleware } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { portColon } from "../net/host-port.ts";
import { FieldId } from "../wire/field-names.ts";
import type { HeaderList } from "../wire/header-list.ts";

/** `entryPoints.NAME.forwardedHeaders`, and the name to sign with. */
export interface ForwardedHeadersOptions {
  /** Trust everybody's forwarded headers. */
  readonly insecure: boolean;
  /** Addresses and CIDR ranges of proxies whose forwarded headers are trusted. */
  readonly trustedIPs: readonly string[];
  /** Names that `Connection` may list and that middlewares still see. */
  readonly connection: readonly string[];
  /** X-Forwarded-Server; empty for none. */
  readonly serverName: string;
  /** The peer's address is not appended to X-Forwarded-For. */
  readonly notAppendXForwardedFor?: boolean | undefined;
}

/** What a look at all fields' ids found. */
const ALIASED = bit(FieldId.other);

/** The length of X-Real-Ip; the other managed names, X-Forwarded-..., are longer. */
const SHORTEST = 9;

/**
 * A mask with a bit for every id below 32 that the list has. Bit 0 says that a name might be a
 * managed one with "_" or "." for "-".
 */
function fieldsOf(list: HeaderList): number {
  let mask = 0;
  for (let i = 0, slots = list.slots; i < slots; i++) {
    const id = list.idAt(i);
    if (id > 0 && id < 32) mask |= bit(id);
    else if (id === FieldId.other && mayBeAlias(list, i)) mask |= ALIASED;
  }
  return mask;
}

/** A first look at a name that has no id. */
function mayBeAlias(list: HeaderList, slot: number): boolean {
  const length = list.nameLengthAt(slot);
  if (length < SHORTEST || (list.nameCodeAt(slot, 0) | 0x20) !== 0x78) return false;
  const third = list.nameCodeAt(slot, 2) | 0x20;
  return third === 0x66 || (third === 0x72 && length === SHORTEST);
}

/** Deletes what only a trusted peer may set, where `trusted` is false, and its aliases in any case. */
function deleteManaged(list: HeaderList, trusted: boolean): void {
  for (let i = 0, slots = list.slots; i < slots; i++) {
    const id = list.idAt(i);
    if (id > 0 && id < 32) {
      if (!trusted && (bit(id) & MANAGED) !== 0) list.removeAt(i);
    } else if (id === FieldId.other && mayBeAlias(list, i)) {
      if (isManagedName(list.nameAt(i).toLowerCase())) list.removeAt(i);
    }
  }
}

/** Sets a managed header that is missing or empty. */
function setMissing(list: HeaderList, fields: number, id: number, value: string): void {
  if ((fields & bit(id)) === 0) {
    list.appendId(id, value);
    return;
  }
  const slot = list.findId(id);
  if (slot < 0 || list.valueAt(slot) === "") list.setId(id, value);
}

// The port that the last Host named: most requests in a row are for the same one.
let lastHost = "";
let lastPort = "";

/** The port a client used, as far as the Host field tells, else the scheme's. */
function forwardedPort(host: string, secure: boolean): string {
  if (host !== lastHost) {
    lastPort = portOf(host);
    lastHost = host;
  }
  if (lastPort !== "") return lastPort;
  return secure ? "443" : "80";
}

/** The port in a Host field, "" where there is none. */
function portOf(host: string): string {
  const colon = portColon(host);
  const port = colon < 0 ? "" : host.slice(colon + 1);
  return isPort(port) ? port : "";
}

/** One to five digits. */
function isPort(text: string): boolean {
  if (text.length === 0 || text.length > 5) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** True where a comma-separated list has the token, in any case. */
function hasToken(list: string, lowerToken: string): boolean {
  return list.split(",").some((token) => token.trim().toLowerCase() === lowerToken);
}

function isWebSocketHandshake(list: HeaderList): boolean {
  return (
    hasToken(list.get("connection") ?? "", "upgrade") &&
    hasToken(list.first("upgrade") ?? "", "websocket")
  );
}

/** Sets the X- headers that backends rely on; `fields` tells which the request has already. */
function setForwarded(
  request: LazyRequest,
  exchange: Exchange,
  fields: number,
  serverName: string,
): void {
  const list = request.headerList;
  const { remote, tls } = exchange.downstream;
  if (remote.ip !== "") setMissing(list, fields, FieldId.xRealIp, remote.ip);

  let secure = tls !== null;
  let proto = secure ? "https" : "http";
  if ((fields & bit(FieldId.upgrade)) !== 0 && isWebSocketHandshake(list)) {
    proto = secure ? "wss" : "ws";
  }
  setMissing(list, fields, FieldId.xForwardedProto, proto);
  if ((fields & bit(FieldId.xForwardedProto)) !== 0) {
    const stated = list.first("x-forwarded-proto");
    secure ||= stated === "https" || stated === "wss";
  }
  setMissing(list, fields, FieldId.xForwardedPort, forwardedPort(request.host, secure));
  if (request.host !== "") setMissing(list, fields, FieldId.xForwardedHost, request.host);

  if ((fields & bit(FieldId.xForwardedFor)) !== 0) {
    list.setId(FieldId.xForwardedFor, list.get("x-forwarded-for") ?? "");
  }
  if (serverName === "") return;
  if ((fields & bit(FieldId.xForwardedServer)) === 0) {
    list.appendId(FieldId.xForwardedServer, serverName);
  } else {
    list.setId(FieldId.xForwardedServer, serverName);
  }
}

/**
 * Traefik's forwarded headers: what an untrusted peer sent is deleted, what backends expect is set,
 * and the fields that `Connection` names go. `Forwarded` (RFC 7239) is left alone. Other than Traefik's,
 * no peer is trusted with another spelling of a managed name ("_" or "." for "-").
 * Throws Error where `trustedIPs` has text that is no address or range.
 * Source: Traefik's pkg/middlewares/forwardedheaders/forwarded_header.go.
 */
export function forwardedHeaders(options: ForwardedHeadersOptions): Middleware {
  const { insecure, serverName, notAppendXForwardedFor: hidesPeer = false } = options;
  const trusted = CidrSet.parse(options.trustedIPs);
  const kept = new Set(options.connection.map((name) => name.toLowerCase()));
  return (next) => (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    if (hidesPeer) lazy.forwardPeer = false;
    const list = lazy.headerList;
    let fields = fieldsOf(list);
    if ((fields & (MANAGED | ALIASED)) !== 0) {
      const trusts = insecure || trusted.contains(exchange.downstream.remote.ip);
      if (!trusts || (fields & ALIASED) !== 0) deleteManaged(list, trusts);
      if (!trusts) fields &= ~MANAGED;
    }
    setForwarded(lazy, exchange, fields, serverName);
    // What Connection names goes in every spelling, and in trailers too.
    list.guard();
    if ((fields & bit(FieldId.connection)) !== 0) obeyConnection(list, kept);
    return next(lazy, exchange);
  };
}
