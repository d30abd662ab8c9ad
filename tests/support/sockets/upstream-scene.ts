import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { ProxyError } from "../../../src/core/errors.ts";
import { Deadlines } from "../../../src/core/timers.ts";
import { Body, type BodySource } from "../../../src/http/body.ts";
import { type Downstream, Exchange, NO_DOWNSTREAM } from "../../../src/http/exchange.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../src/http/lazy/lazy-response.ts";
import {
  Transport,
  type TransportOptions,
  type TransportTls,
} from "../../../src/upstream/transport.ts";
import { UpstreamCall } from "../../../src/upstream/upstream-call.ts";
import type { UpstreamPool } from "../../../src/upstream/upstream-pool.ts";
import { UpstreamPools } from "../../../src/upstream/upstream-pools.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";

const OPTIONS: TransportOptions = {
  maxIdleConnsPerHost: 200,
  dialTimeout: 10_000,
  responseHeaderTimeout: 0,
  idleConnTimeout: 60_000,
  readIdleTimeout: 0,
  pingTimeout: 15_000,
  http2: true,
  tls: { serverName: "", verify: true },
};

/** A request body that a test feeds by hand, and what it heard of its reader. */
export class FedBody implements BodySource {
  readonly body: Body;
  readonly heard: string[] = [];

  constructor(length = -1) {
    this.body = new Body(this, length);
  }

  get paused(): boolean {
    return this.heard.findLast((word) => word === "pause" || word === "resume") === "pause";
  }

  pauseBody(): void {
    this.heard.push("pause");
  }
  resumeBody(): void {
    this.heard.push("resume");
  }
  cancelBody(error: ProxyError): void {
    this.heard.push(`cancel: ${error.message}`);
  }

  push(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    this.body.push(bytes, 0, bytes.length);
    this.body.flush();
  }
}

export interface Asked {
  method?: string;
  path?: string;
  host?: string;
  headers?: readonly (readonly [string, string])[];
  body?: Body | string | null;
  upgrade?: string;
  passHostHeader?: boolean;
  /** Interim responses go there, as "103 link=x". */
  interim?: string[];
}

/** Calls to one upstream, through real pools on real sockets. */
export class UpstreamScene {
  readonly deadlines = new Deadlines(10);
  readonly pools: UpstreamPools;
  readonly pool: UpstreamPool;
  private readonly authority: string;

  constructor(
    url: string,
    {
      tls,
      ...options
    }: Partial<Omit<TransportOptions, "tls">> & { tls?: Partial<TransportTls> } = {},
  ) {
    const runtime = bunRuntime();
    this.pools = new UpstreamPools({ connect: runtime.connect, deadlines: this.deadlines });
    const transport = new Transport(
      { ...OPTIONS, ...options, tls: { ...OPTIONS.tls, ...tls } },
      runtime.clientTls,
    );
    const [, protocol, hostname, port] = /^(http|https|h2c):\/\/(.*):(\d+)$/.exec(url)!;
    this.authority = `${hostname}:${port}`;
    this.pool = this.pools.get(
      { protocol: protocol as "http", hostname, port: Number(port) },
      transport,
    );
  }

  /** A call that has been sent. */
  call(asked: Asked = {}): { call: UpstreamCall; exchange: Exchange } {
    const { method = "GET", path = "/", host = "app.test", headers = [], body = null } = asked;
    const downstream: Downstream = {
      ...NO_DOWNSTREAM,
      remote: { ip: "192.0.2.7", port: 4711 },
      informational: (status, list) =>
        void asked.interim?.push(
          `${status} ${[...list.entries()].map(([name, value]) => `${name}=${value}`).join()}`,
        ),
    };
    const exchange = new Exchange(downstream);
    const request = new LazyRequest(
      exchange,
      method,
      "http",
      host,
      path,
      HeaderList.from(headers),
      typeof body === "string" ? Body.of(new TextEncoder().encode(body)) : body,
    );
    request.upgrade = asked.upgrade ?? "";
    const call = new UpstreamCall(request, {
      authority: this.authority,
      passHostHeader: asked.passHostHeader ?? true,
      basePath: "",
    });
    this.pool.send(call);
    return { call, exchange };
  }

  async ask(asked: Asked = {}): Promise<LazyResponse> {
    return LazyResponse.of(await this.call(asked).call);
  }

  /** The response as text, or what has failed: "upstream-reset: ...". */
  async text(asked: Asked = {}): Promise<string> {
    try {
      const response = await this.ask(asked);
      return `${response.status} ${await response.text()}`;
    } catch (error) {
      if (error instanceof ProxyError) return `${error.code}: ${error.message}`;
      throw error;
    }
  }

  close(): void {
    this.pools.close();
  }
}
