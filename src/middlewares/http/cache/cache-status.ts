import type { StoredResponse } from "./stored/stored-response.ts";

/** Why a request went on to the server (RFC 9211 section 2.2). */
export type Forwarded =
  | "bypass"
  | "method"
  | "uri-miss"
  | "vary-miss"
  | "stale"
  | "request"
  | "partial";

/** The cache's name in the field. */
const NAME = "Sluice";

/** RFC 9211: a member of Cache-Status for an answer from the cache. */
export function hitStatus(stored: StoredResponse, now: number): string {
  return `${NAME}; hit; ttl=${Math.floor(stored.left(now) / 1000)}`;
}

/** The member for an answer that a request to the server brought, or renewed. */
export function forwardStatus(
  reason: Forwarded,
  more: { status?: number; stored?: boolean; collapsed?: boolean; detail?: string } = {},
): string {
  let member = `${NAME}; fwd=${reason}`;
  if (more.status !== undefined) member += `; fwd-status=${more.status}`;
  if (more.stored === true) member += "; stored";
  if (more.collapsed === true) member += "; collapsed";
  if (more.detail !== undefined) member += `; detail=${more.detail}`;
  return member;
}
