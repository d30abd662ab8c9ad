import { type HttpResponse, readResponse } from "../http/http-response.ts";
import { PATIENCE } from "../wait-for.ts";
import { RawConnection } from "./raw-connection.ts";

/** A client that sends exact bytes and reads responses strictly. */
export class RawClient extends RawConnection {
  /** Connects to 127.0.0.1. */
  static async connect(port: number, hostname = "127.0.0.1"): Promise<RawClient> {
    const client = new RawClient();
    client.attach(
      await Bun.connect({ hostname, port, allowHalfOpen: true, socket: client.handlers }),
    );
    return client;
  }

  /** The same behind a TLS handshake, in which the server's certificate isn't checked. */
  static async connectTls(port: number): Promise<RawClient> {
    const client = new RawClient();
    const tls = { rejectUnauthorized: false, serverName: "app.test" } as Bun.TLSOptions;
    client.attach(
      await Bun.connect({
        hostname: "127.0.0.1",
        port,
        tls,
        allowHalfOpen: true,
        socket: client.handlers,
      }),
    );
    return client;
  }

  /**
   * The next final response, with the interim ones before it. `method` is the request's.
   * Throws where it is malformed, or where the connection ends before it is complete.
   */
  async response(method = "GET", patience = PATIENCE): Promise<HttpResponse> {
    const interim: HttpResponse[] = [];
    for (;;) {
      const found = await this.read(
        `a response to ${method}`,
        (waiting, ended) => readResponse(waiting, method, ended && this.ending === "fin", interim),
        patience,
      );
      if (found === undefined)
        throw new Error(`the connection ended before a response: ${this.describe()}`);
      if (found.status >= 200 || found.status === 101) return found;
      interim.push(found);
    }
  }

  /** Sends the bytes and waits for one response. */
  async request(bytes: string | Uint8Array, method = "GET"): Promise<HttpResponse> {
    await this.send(bytes);
    return this.response(method);
  }
}

/** One request on a connection of its own; the connection is closed afterwards. */
export async function exchange(
  port: number,
  bytes: string | Uint8Array,
  method = "GET",
): Promise<HttpResponse> {
  using client = await RawClient.connect(port);
  return await client.request(bytes, method);
}
