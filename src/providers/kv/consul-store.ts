import { textFromBase64 } from "../../net/clients/base64.ts";
import type { Runtime } from "../../net/runtime.ts";
import { ConsulApi, type ConsulApiOptions } from "../consul/consul-api.ts";
import type { KeyValueStore, Pairs } from "./key-value-store.ts";

interface Entry {
  readonly Key: string;
  /** Base64; null for an empty value. */
  readonly Value: string | null;
}

/**
 * Consul's key-value store, by blocking queries: one answer for each change.
 * Source: Consul's documentation of its HTTP API, "KV Store" and "Blocking Queries".
 */
export class ConsulStore implements KeyValueStore {
  private readonly api: ConsulApi;

  constructor(options: ConsulApiOptions, runtime: Pick<Runtime, "httpClient">) {
    this.api = new ConsulApi(options, runtime);
  }

  async watch(root: string, signal: AbortSignal, changed: (pairs: Pairs) => void): Promise<never> {
    const path = `/v1/kv/${root.split("/").map(encodeURIComponent).join("/")}/`;
    const watching = this.api.watch(path, { recurse: "true" }, signal, (answer) => {
      const entries = (answer ?? []) as readonly Entry[];
      changed(
        new Map(
          entries.map(({ Key, Value }) => [
            Key.slice(root.length + 1),
            Value === null ? "" : textFromBase64(Value),
          ]),
        ),
      );
    });
    return watching.finally(() => this.api.close());
  }
}
