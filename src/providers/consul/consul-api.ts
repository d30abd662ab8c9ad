import { pause } from "../../core/loop/pause.ts";
import { base64Of } from "../../net/clients/base64.ts";
import { type HttpClient, type HttpClientTls, textOf } from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";

export interface ConsulApiOptions {
  /** host:port, or a URL. */
  readonly address: string;
  /** "http" or "https" where the address has none. */
  readonly scheme?: string;
  readonly token: string;
  readonly datacenter?: string;
  readonly namespace?: string;
  readonly tls?: HttpClientTls;
  /** For HTTP basic authentication, where something stands before the agent. */
  readonly httpAuth?: { readonly username: string; readonly password: string };
  /** How long a blocking query may wait. Milliseconds. */
  readonly waitTime?: number;
}

export type Query = Readonly<Record<string, string>>;

/** Bytes of one answer. */
const MAX_ANSWER = 256 * 1024 * 1024;
const WAIT = 5 * 60_000;
/** Consul adds up to a sixteenth to a query's wait; this is for the network. Milliseconds. */
const SLACK = 10_000;
/** Between two answers of one query, where something changes all the time. Milliseconds. */
const SHORTEST_ROUND = 50;

/** Consul's HTTP API: plain and blocking queries. */
export class ConsulApi {
  private readonly client: HttpClient;
  private readonly origin: string;
  private readonly options: ConsulApiOptions;
  private readonly headers: Record<string, string> = {};

  constructor(options: ConsulApiOptions, runtime: Pick<Runtime, "httpClient">) {
    const { address, scheme, token, tls, httpAuth } = options;
    this.options = options;
    this.origin = address.includes("://")
      ? address.replace(/\/+$/, "")
      : `${scheme || (tls === undefined ? "http" : "https")}://${address}`;
    this.client = runtime.httpClient({ tls });
    if (token !== "") this.headers["X-Consul-Token"] = token;
    if (httpAuth !== undefined && httpAuth.username !== "")
      this.headers["Authorization"] =
        `Basic ${base64Of(`${httpAuth.username}:${httpAuth.password}`)}`;
  }

  /** The answer, parsed; undefined where there is nothing (404). */
  async get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
    return (await this.ask(path, query, signal)).answer;
  }

  /** Puts something. The answer, parsed; undefined where it isn't there (404), or a transaction is not to be (409). */
  async put(path: string, query: Query, body: string, signal: AbortSignal): Promise<unknown> {
    return (await this.ask(path, query, signal, body)).answer;
  }

  /**
   * Hands on the answer to a blocking query, at once and whenever its index moves. Rejects where the
   * agent can't be asked.
   */
  async watch(
    path: string,
    query: Query,
    signal: AbortSignal,
    changed: (answer: unknown) => void | Promise<void>,
  ): Promise<never> {
    let index = 0;
    for (;;) {
      const { waitTime = WAIT } = this.options;
      const blocking: Query =
        index === 0 ? query : { ...query, index: String(index), wait: `${waitTime}ms` };
      const limit = AbortSignal.timeout(waitTime + waitTime / 16 + SLACK);
      const { answer, index: next } = await this.ask(
        path,
        blocking,
        AbortSignal.any([signal, limit]),
      );
      if (index === 0 || next !== index) await changed(answer);
      // An index that goes backwards begins anew, and 0 would not block.
      index = next < index ? 0 : Math.max(1, next);
      await pause(SHORTEST_ROUND, signal);
    }
  }

  close(): void {
    this.client.close();
  }

  private async ask(
    path: string,
    query: Query,
    signal: AbortSignal,
    body?: string,
  ): Promise<{ answer: unknown; index: number }> {
    const { datacenter = "", namespace = "" } = this.options;
    const url = new URL(this.origin + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (datacenter !== "") url.searchParams.set("dc", datacenter);
    if (namespace !== "") url.searchParams.set("ns", namespace);
    const put = body !== undefined && { method: "PUT", body };
    const request = { url: url.href, headers: this.headers, signal, ...put };
    const response = await this.client.request(request);
    const text = await textOf(response, MAX_ANSWER);
    const index = Number(response.headers["x-consul-index"] ?? 0);
    if (response.status === 404 || (put !== false && response.status === 409))
      return { answer: undefined, index };
    if (response.status !== 200)
      throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 200)}`);
    return { answer: JSON.parse(text), index };
  }
}
