import { base64Of, textFromBase64 } from "../../../net/clients/base64.ts";
import type { Runtime } from "../../../net/runtime.ts";
import { ConsulApi, type ConsulApiOptions } from "../../../providers/consul/consul-api.ts";
import { ANSWER, type Changes, type Lease, type LeasedStore, portions } from "./leased-store.ts";

interface Entry {
  readonly Key: string;
  /** Base64; null for an empty value. */
  readonly Value: string | null;
  readonly Session?: string;
}

/**
 * A lease by a session of Consul's: the key that it has locked goes when it ends, and every write asks for the lock in
 * its transaction. Source: Consul's documentation of its HTTP API, "Sessions", "KV Store" and "Transactions".
 */
export class ConsulLeasedStore implements LeasedStore {
  readonly title: string;
  private readonly api: ConsulApi;
  private readonly lease: Lease;
  private session: string | undefined;

  constructor(options: ConsulApiOptions, lease: Lease, runtime: Pick<Runtime, "httpClient">) {
    this.api = new ConsulApi(options, runtime);
    this.lease = lease;
    this.title = `Consul at ${options.address}`;
  }

  async read(key: string): Promise<string | undefined> {
    const found = (await this.api.get(pathOf(key), {}, limit())) as readonly Entry[] | undefined;
    return found?.[0] === undefined ? undefined : textOf(found[0]);
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const query = { recurse: "true" };
    const found = await this.api.get(pathOf(prefix), query, limit());
    const entries = (found ?? []) as readonly Entry[];
    return new Map(entries.map((entry) => [entry.Key.slice(prefix.length), textOf(entry)]));
  }

  async hold(): Promise<boolean> {
    const { key, holder, life } = this.lease;
    if (this.session !== undefined) {
      const renewed = await this.api.put(`/v1/session/renew/${this.session}`, {}, "", limit());
      if (renewed === undefined) this.session = undefined;
    }
    if (this.session === undefined) {
      const session = { Name: "sluice", TTL: `${life}s`, Behavior: "delete", LockDelay: "1s" };
      const made = await this.api.put("/v1/session/create", {}, JSON.stringify(session), limit());
      this.session = (made as { readonly ID: string }).ID;
    }
    return (await this.api.put(pathOf(key), { acquire: this.session }, holder, limit())) === true;
  }

  async write(changes: Changes): Promise<boolean> {
    const { session } = this;
    if (session === undefined) return false;
    // Its limits are 64 operations and half a megabyte, in base64.
    for (const some of portions(changes, 60, 250_000)) {
      const steps = [
        { KV: { Verb: "check-session", Key: this.lease.key, Session: session } },
        ...[...some].map(([Key, value]) => ({
          KV:
            value === null ? { Verb: "delete", Key } : { Verb: "set", Key, Value: base64Of(value) },
        })),
      ];
      const done = await this.api.put("/v1/txn", {}, JSON.stringify(steps), limit());
      if (done === undefined) return false;
    }
    return true;
  }

  async release(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    if (session !== undefined)
      await this.api.put(`/v1/session/destroy/${session}`, {}, "", limit());
  }

  close(): void {
    this.api.close();
  }
}

function limit(): AbortSignal {
  return AbortSignal.timeout(ANSWER);
}

function pathOf(key: string): string {
  return `/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`;
}

function textOf({ Value }: Entry): string {
  return Value === null ? "" : textFromBase64(Value);
}
