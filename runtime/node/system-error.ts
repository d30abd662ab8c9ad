import { messageOf } from "../../src/core/errors.ts";
import { formatAddress } from "../../src/net/address.ts";

const MEANINGS: Record<string, string> = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EAFNOSUPPORT: "address family not supported",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  EMFILE: "too many open files",
  ENETUNREACH: "network is unreachable",
  ENOENT: "no such file or directory",
  ENOTFOUND: "no such host",
  EPERM: "operation not permitted",
  ENOTSOCK: "not a socket",
  ETIMEDOUT: "connection timed out",
};

/** The system's error with the address in its message, and the system's `code` where it gave one. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string | undefined;

  constructor(action: "listen" | "connect", hostname: string, port: number, cause: unknown) {
    const code = codeOf(cause);
    const meaning = code === undefined ? undefined : MEANINGS[code];
    const reason = meaning === undefined ? messageOf(cause) : `${meaning} (${code})`;
    super(`${action} ${formatAddress({ ip: hostname, port })}: ${reason}`, { cause });
    this.code = code;
  }
}

/** The system's name for an error, as in "ECONNREFUSED". */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
