import type { Exchange } from "../../../../http/exchange.ts";
import type { Address } from "../../../../net/connection.ts";

/**
 * The field by which the router tells an instance of a function who asks. Its value is the router's, whatever
 * a client sent, and the function never sees it.
 */
export const CLIENT_FIELD = "Sluice-Client";

/** The field's value in what the supervisor asks; a client's address never looks so. */
export const PING = "ping";

/** What an instance knows of a client. */
export interface IsolatedClient {
  readonly remote: Address;
  /** "http" or "https". */
  readonly scheme: string;
  /** "HTTP/1.1" and the like. */
  readonly protocol: string;
}

/** The field's value for a request. */
export function clientField({ downstream }: Exchange, scheme: string): string {
  const { remote, protocol } = downstream;
  return `${remote.ip} ${remote.port} ${scheme} ${protocol}`;
}

/** Undefined for what no router has written. */
export function readClientField(value: string | null): IsolatedClient | undefined {
  const parts = value?.split(" ") ?? [];
  if (parts.length !== 4) return undefined;
  const [ip, port, scheme, protocol] = parts;
  return { remote: { ip, port: Number(port) }, scheme, protocol };
}
