import { base64Of, textFromBase64 } from "../../../net/clients/base64.ts";
import { type HttpClient, textOf } from "../../../net/clients/http-client.ts";
import type { Runtime } from "../../../net/runtime.ts";
import type { EtcdOptions } from "../../../providers/kv/etcd-store.ts";
import { ANSWER, type Changes, type Lease, type LeasedStore, portions } from "./leased-store.ts";

/** Bytes of one answer. */
const MAX_ANSWER = 256 * 1024 * 1024;

interface Range {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

interface Transaction {
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: Range }[];
}

/**
 * A lease of etcd's own, by its JSON gateway: the key that has it goes when it ends, and every write asks for that
 * key in its transaction. The next endpoint is asked where one fails. Source: etcd's API reference, "Lease", "Txn".
 */
export class EtcdLeasedStore implements LeasedStore {
  readonly title: string;
  private readonly options: EtcdOptions;
  private readonly lease: Lease;
  private readonly client: HttpClient;
  private turn = 0;
  private token: string | undefined;
  private leaseId: string | undefined;

  constructor(options: EtcdOptions, lease: Lease, runtime: Pick<Runtime, "httpClient">) {
    this.options = options;
    this.lease = lease;
    this.client = runtime.httpClient({ tls: options.tls });
    this.title = `etcd at ${options.endpoints.join(", ")}`;
  }

  async read(key: string): Promise<string | undefined> {
    const { kvs = [] } = await this.post<Range>("/v3/kv/range", { key: base64Of(key) });
    return kvs.length === 0 ? undefined : textFromBase64(kvs[0].value ?? "");
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const end = `${prefix.slice(0, -1)}0`;
    const range = { key: base64Of(prefix), range_end: base64Of(end) };
    const { kvs = [] } = await this.post<Range>("/v3/kv/range", range);
    return new Map(
      kvs.map(({ key, value = "" }) => [
        textFromBase64(key).slice(prefix.length),
        textFromBase64(value),
      ]),
    );
  }

  async hold(): Promise<boolean> {
    const { key, holder, life } = this.lease;
    if (this.leaseId !== undefined) {
      const { result } = await this.post<{ readonly result?: { readonly TTL?: string } }>(
        "/v3/lease/keepalive",
        { ID: this.leaseId },
      );
      if (Number(result?.TTL ?? 0) <= 0) this.leaseId = undefined;
    }
    this.leaseId ??= (
      await this.post<{ readonly ID: string }>("/v3/lease/grant", { TTL: life })
    ).ID;
    const name = base64Of(key);
    const { succeeded, responses } = await this.post<Transaction>("/v3/kv/txn", {
      compare: [{ key: name, target: "CREATE", result: "EQUAL", create_revision: "0" }],
      success: [{ request_put: { key: name, value: base64Of(holder), lease: this.leaseId } }],
      failure: [{ request_range: { key: name } }],
    });
    if (succeeded === true) return true;
    const found = responses?.[0]?.response_range?.kvs?.[0]?.value;
    return found !== undefined && textFromBase64(found) === holder;
  }

  async write(changes: Changes): Promise<boolean> {
    const { key: lease, holder } = this.lease;
    for (const some of portions(changes, 100, 700_000)) {
      const success = [...some].map(([key, value]) =>
        value === null
          ? { request_delete_range: { key: base64Of(key) } }
          : { request_put: { key: base64Of(key), value: base64Of(value) } },
      );
      const { succeeded } = await this.post<Transaction>("/v3/kv/txn", {
        compare: [
          { key: base64Of(lease), target: "VALUE", result: "EQUAL", value: base64Of(holder) },
        ],
        success,
      });
      if (succeeded !== true) return false;
    }
    return true;
  }

  async release(): Promise<void> {
    if (this.leaseId !== undefined) await this.post("/v3/lease/revoke", { ID: this.leaseId });
    this.leaseId = undefined;
  }

  close(): void {
    this.client.close();
  }

  private async post<T>(path: string, body: object): Promise<T> {
    const { username, password } = this.options;
    try {
      if (username !== "" && this.token === undefined)
        this.token = (
          await this.ask<{ token: string }>("/v3/auth/authenticate", { name: username, password })
        ).token;
      return await this.ask<T>(path, body);
    } catch (error) {
      // Another one may be there where this one is not; tokens end after a while.
      this.turn++;
      this.token = undefined;
      throw error;
    }
  }

  private async ask<T>(path: string, body: object): Promise<T> {
    const { endpoints, tls } = this.options;
    const origin = `${tls === undefined ? "http" : "https"}://${endpoints[this.turn % endpoints.length]}`;
    const response = await this.client.request({
      method: "POST",
      url: origin + path,
      headers: {
        "Content-Type": "application/json",
        ...(this.token !== undefined && { Authorization: this.token }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER),
    });
    const text = await textOf(response, MAX_ANSWER);
    if (response.status !== 200)
      throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text) as T;
  }
}
