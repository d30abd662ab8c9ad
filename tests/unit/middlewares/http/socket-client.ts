import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import { Deadlines } from "../../../../src/core/timers.ts";
import { Transports } from "../../../../src/graph/transports.ts";
import type { Handler } from "../../../../src/http/handler.ts";
import type { HttpMiddlewareContext } from "../../../../src/middlewares/http/http-middleware.ts";
import { reverseProxy } from "../../../../src/services/http/reverse-proxy.ts";
import { serverAddress } from "../../../../src/services/http/server-address.ts";
import { UpstreamPools } from "../../../../src/upstream/upstream-pools.ts";
import { silentLogger } from "../../core/silent-logger.ts";

/** What sends requests of middlewares, and of services, to real servers. */
export class SocketClient {
  readonly deadlines = new Deadlines();
  private readonly pools: UpstreamPools;
  private readonly transports: Transports;

  constructor() {
    const runtime = bunRuntime();
    this.pools = new UpstreamPools({ connect: runtime.connect, deadlines: this.deadlines });
    this.transports = new Transports(runtime, {
      maxIdleConnsPerHost: 2,
      forwardingTimeouts: {
        dialTimeout: 5_000,
        responseHeaderTimeout: 0,
        idleConnTimeout: 60_000,
      },
    });
  }

  readonly client: HttpMiddlewareContext["client"] = async (url, tls) => {
    const { transport, id } = await (tls === undefined
      ? this.transports.get("default")
      : this.transports.withTls(tls));
    const address = serverAddress({ url, preservePath: true }, true, transport);
    const pool = this.pools.get(address, transport);
    const handler = reverseProxy({ ...address, pool }, url, silentLogger());
    return { handler, transport: id };
  };

  /** What asks the server at that URL. */
  async handler(url: string): Promise<Handler> {
    return (await this.client(url)).handler;
  }

  [Symbol.dispose](): void {
    this.pools.close();
  }
}
