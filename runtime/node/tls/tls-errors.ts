import { codeOf } from "../system-error.ts";

/** Why a handshake failed, in words for a log. Without an error, the peer went away. */
export function handshakeError(error: Error | null): Error {
  if (error === null || codeOf(error) === "ECONNRESET") {
    return new Error("the peer closed the connection within the TLS handshake", { cause: error });
  }
  return error;
}
