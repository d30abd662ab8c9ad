import { base64Of, textFromBase64 } from "../../net/clients/base64.ts";
import {
  type HttpClient,
  type HttpClientResponse,
  type HttpClientTls,
  jsonLines,
  textOf,
} from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import { SettledChanges } from "../settled-changes.ts";
import type { KeyValueStore, Pairs } from "./key-value-store.ts";

export interface EtcdOptions {
  /** host:port. */
  readonly endpoints: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly tls?: HttpClientTls;
}

/** Bytes of one answer. */
const MAX_ANSWER = 256 * 1024 * 1024;
/** Milliseconds. */
const SETTLE_TIME = 50;

let turn = 0;

interface Range {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

interface WatchAnswer {
  readonly result?: {
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly cancel_reason?: string;
    readonly events?: readonly unknown[];
  };
  readonly error?: { readonly message?: string };
}

/**
 * etcd 3 by its JSON gateway. The next endpoint is asked where one fails.
 * Source: etcd's documentation, "Interacting with etcd" (gRPC gateway).
 */
export class EtcdStore implements KeyValueStore {
  private readonly options: EtcdOptions;
  private readonly client: HttpClient;
  private origin = "";
  private headers: Record<string, string> = {};

  constructor(options: EtcdOptions, runtime: Pick<Runtime, "httpClient">) {
    this.options = options;
    this.client = runtime.httpClient({ tls: options.tls });
  }

  async watch(root: string, signal: AbortSignal, changed: (pairs: Pairs) => void): Promise<never> {
    try {
      return await this.watchTree(root, signal, changed);
    } finally {
      this.client.close();
    }
  }

  private async watchTree(
    root: string,
    signal: AbortSignal,
    changed: (pairs: Pairs) => void,
  ): Promise<never> {
    const { endpoints, tls } = this.options;
    // Another one may be there where this one is not, at the next try.
    const endpoint = endpoints[turn++ % endpoints.length];
    this.origin = `${tls === undefined ? "http" : "https"}://${endpoint}`;
    await this.authenticate(signal);
    const prefix = `${root}/`;
    const range = { key: base64Of(prefix), range_end: base64Of(behind(prefix)) };
    const broken = new AbortController();
    const whole = AbortSignal.any([signal, broken.signal]);
    const revision = await this.read(prefix, range, whole, changed);
    const response = await this.post(
      "/v3/watch",
      { create_request: { ...range, start_revision: String(BigInt(revision) + 1n) } },
      whole,
    );
    const changes = new SettledChanges(SETTLE_TIME, async () => {
      await this.read(prefix, range, whole, changed);
    });
    changes.failed = (error) => broken.abort(error);
    for await (const line of jsonLines(response.body, MAX_ANSWER)) {
      const { result, error } = line as WatchAnswer;
      if (error !== undefined) throw new Error(error.message ?? "the watch failed");
      if (result?.canceled) throw new Error(result.cancel_reason || "the watch was cancelled");
      if ((result?.events?.length ?? 0) > 0) changes.add("tree");
    }
    throw new Error("the server ended the watch");
  }

  private async authenticate(signal: AbortSignal): Promise<void> {
    const { username, password } = this.options;
    this.headers = {};
    if (username === "") return;
    const response = await this.post("/v3/auth/authenticate", { name: username, password }, signal);
    const { token } = JSON.parse(await textOf(response, MAX_ANSWER)) as { token: string };
    this.headers = { Authorization: token };
  }

  /** The revision that was read. */
  private async read(
    prefix: string,
    range: object,
    signal: AbortSignal,
    changed: (pairs: Pairs) => void,
  ): Promise<string> {
    const response = await this.post("/v3/kv/range", range, signal);
    const { header, kvs = [] } = JSON.parse(await textOf(response, MAX_ANSWER)) as Range;
    const pairs = new Map<string, string>();
    for (const { key, value = "" } of kvs)
      pairs.set(textFromBase64(key).slice(prefix.length), textFromBase64(value));
    changed(pairs);
    return header.revision;
  }

  private async post(
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<HttpClientResponse> {
    const response = await this.client.request({
      method: "POST",
      url: this.origin + path,
      headers: { "Content-Type": "application/json", ...this.headers },
      body: JSON.stringify(body),
      signal,
    });
    if (response.status !== 200) {
      const text = await textOf(response, 64 * 1024);
      throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 200)}`);
    }
    return response;
  }
}

/** The first key that is behind all keys with this prefix, which ends in "/". */
function behind(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
