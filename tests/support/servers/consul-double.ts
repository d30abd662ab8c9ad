/** An instance of a service, as an agent registers it. */
export interface ConsulInstance {
  readonly id: string;
  readonly service: string;
  readonly address?: string;
  readonly port: number;
  readonly tags?: readonly string[];
  /** Of its check; passing where it isn't given. */
  readonly status?: "passing" | "warning" | "critical";
}

/**
 * Stands for a Consul agent, written from the documentation of its HTTP API: blocking queries with
 * X-Consul-Index over keys, the catalog and health. No agent can be had for the tests.
 */
export class ConsulDouble {
  /** Paths with their queries, as they were asked. */
  readonly asked: string[] = [];
  token = "";
  private index = 10;
  private readonly keys = new Map<string, string>();
  private instances: readonly ConsulInstance[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => this.answer(request),
  });

  get address(): string {
    return `127.0.0.1:${this.server.port}`;
  }

  put(pairs: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(pairs)) this.keys.set(key, value);
    this.changed();
  }

  removeAll(): void {
    this.keys.clear();
    this.changed();
  }

  register(...instances: readonly ConsulInstance[]): void {
    this.instances = instances;
    this.changed();
  }

  stop(): void {
    this.wake();
    void this.server.stop(true);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  private changed(): void {
    this.index++;
    this.wake();
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  private async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    this.asked.push(url.pathname + url.search);
    if (this.token !== "" && request.headers.get("x-consul-token") !== this.token)
      return new Response("Permission denied", { status: 403 });
    const known = Number(url.searchParams.get("index") ?? 0);
    if (known >= this.index) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        setTimeout(resolve, Number.parseInt(url.searchParams.get("wait") ?? "1000", 10));
      });
    }
    const headers = { "X-Consul-Index": String(this.index) };
    const found = this.find(url.pathname);
    return found === undefined
      ? new Response(null, { status: 404, headers })
      : Response.json(found, { headers });
  }

  private find(path: string): unknown {
    if (path.startsWith("/v1/kv/")) {
      const prefix = decodeURIComponent(path.slice("/v1/kv/".length));
      const entries = [...this.keys].filter(([key]) => key.startsWith(prefix));
      if (entries.length === 0) return undefined;
      return entries.map(([Key, value]) => ({
        Key,
        Value: value === "" ? null : Buffer.from(value).toString("base64"),
      }));
    }
    if (path === "/v1/catalog/services") {
      const services: Record<string, string[]> = {};
      for (const { service, tags = [] } of this.instances)
        services[service] = [...new Set([...(services[service] ?? []), ...tags])];
      return services;
    }
    if (path === "/v1/health/state/any") return [];
    if (path.startsWith("/v1/health/service/")) {
      const name = decodeURIComponent(path.slice("/v1/health/service/".length));
      return this.instances
        .filter(({ service }) => service === name)
        .map(({ id, service, address = "", port, tags = [], status = "passing" }) => ({
          Node: { Node: "node", Address: "10.0.0.1" },
          Service: { ID: id, Service: service, Tags: tags, Address: address, Port: port },
          Checks: [{ Status: "passing" }, { Status: status }],
        }));
    }
    return undefined;
  }
}
