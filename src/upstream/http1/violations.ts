import { ProxyError } from "../../core/errors.ts";

/** What a server did against the protocol. */
export function violation(message: string, cause?: unknown): ProxyError {
  return new ProxyError("upstream-protocol", "upstream", message, { cause });
}

/** What was thrown while a response was read. */
export function asProtocolError(error: unknown): ProxyError {
  return error instanceof ProxyError ? error : violation("The response could not be read", error);
}

/** Throws unless a 101 names the protocol that the client asked for (RFC 9110 section 7.8). */
export function checkUpgrade(asked: string, given: string): void {
  if (asked !== "" && asked.toLowerCase() === given.toLowerCase()) return;
  throw violation(`101 for an upgrade to "${given}" that wasn't asked for`);
}
