import type { Transport } from "../../../../upstream/transport.ts";
import { type ServerAddress, socketAddress } from "../../server-address.ts";

/** An instance of a function as a server, by its Unix socket. */
export function instanceAddress(socket: string, transport: Transport): ServerAddress {
  return {
    ...socketAddress({ protocol: "http", path: socket }, transport),
    url: instanceUrl(socket),
  };
}

/** As health checks, logs and metrics name it. */
export function instanceUrl(socket: string): string {
  return `unix://${socket}`;
}
