import type { Transport } from "../../../../upstream/transport.ts";
import type { ServerAddress } from "../../server-address.ts";

/** An instance of a function as a server, by its unix socket. */
export function instanceAddress(socket: string, transport: Transport): ServerAddress {
  return {
    url: instanceUrl(socket),
    origin: "http://localhost",
    protocol: "http",
    hostname: socket,
    port: 0,
    authority: "localhost",
    basePath: "",
    passHostHeader: true,
    transport,
  };
}

/** As health checks, logs and metrics name it. */
export function instanceUrl(socket: string): string {
  return `unix://${socket}`;
}
