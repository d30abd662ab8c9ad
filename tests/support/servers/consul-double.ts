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
 * X-Consul-Index over keys, the catalog and health; sessions with their locks, and transactions. No agent can be
 * had for the tests.
 */
export class ConsulDouble {
  /** Paths with their queries, as they were asked. */
  readonly asked: string[] = [];
  token = "";
  private index = 10;
  private readonly keys = new Map<string, string>();
  private instances: readonly ConsulInstance[] = [];
  private readonly waiting = new Set<() => void>();
  /** Sessions by their ids: how long each lives without being renewed, and until when. Milliseconds. */
  private readonly sessions = new Map<string, { readonly life: number; until: number }>();
  /** Keys that sessions have locked. */
  private readonly locks = new Map<string, string>();
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
    this.endSessions();
    if (request.method === "PUT") {
      const found = this.write(url, await request.text());
      return found ?? new Response("not found", { status: 404 });
    }
    const known = Number(url.searchParams.get("index") ?? 0);
    if (known >= this.index) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        setTimeout(resolve, Number.parseInt(url.searchParams.get("wait") ?? "1000", 10));
      });
    }
    const headers = { "X-Consul-Index": String(this.index) };
    const found = this.find(url.pathname, url.searchParams.has("recurse"));
    return found === undefined
      ? new Response(null, { status: 404, headers })
      : Response.json(found, { headers });
  }

  /** A write; undefined where there is no such thing. */
  private write(url: URL, body: string): Response | undefined {
    const { pathname, searchParams } = url;
    const id = pathname.split("/").at(-1)!;
    if (pathname === "/v1/session/create") {
      const { TTL } = JSON.parse(body) as { TTL: string };
      const session = crypto.randomUUID();
      const life = Number.parseFloat(TTL) * 1000;
      this.sessions.set(session, { life, until: Date.now() + life });
      return Response.json({ ID: session });
    }
    if (pathname.startsWith("/v1/session/renew/")) {
      const session = this.sessions.get(id);
      if (session === undefined) return undefined;
      session.until = Date.now() + session.life;
      return Response.json([{ ID: id }]);
    }
    if (pathname.startsWith("/v1/session/destroy/")) {
      this.endSession(id);
      return Response.json(true);
    }
    if (pathname === "/v1/txn") return this.transaction(body);
    const key = decodeURIComponent(pathname.slice("/v1/kv/".length));
    const session = searchParams.get("acquire") ?? "";
    if (!this.sessions.has(session))
      return new Response(`invalid session "${session}"`, { status: 500 });
    const holder = this.locks.get(key);
    if (holder !== undefined && holder !== session) return Response.json(false);
    this.locks.set(key, session);
    this.put({ [key]: body });
    return Response.json(true);
  }

  /** All or nothing. */
  private transaction(body: string): Response {
    const steps = JSON.parse(body) as {
      KV: { Verb: string; Key: string; Value?: string; Session?: string };
    }[];
    const fails = steps.some(
      ({ KV: { Verb, Key, Session } }) =>
        Verb === "check-session" && this.locks.get(Key) !== Session,
    );
    if (fails || steps.length > 64)
      return Response.json({ Errors: [{ OpIndex: 0, What: "no" }] }, { status: fails ? 409 : 413 });
    for (const { KV } of steps) {
      if (KV.Verb === "set") this.keys.set(KV.Key, Buffer.from(KV.Value!, "base64").toString());
      if (KV.Verb === "delete") this.keys.delete(KV.Key);
    }
    this.changed();
    return Response.json({ Results: [] });
  }

  private endSessions(): void {
    for (const [id, { until }] of this.sessions) if (until < Date.now()) this.endSession(id);
  }

  /** The keys that it has locked go with it: its behavior is "delete". */
  private endSession(id: string): void {
    this.sessions.delete(id);
    for (const [key, holder] of this.locks) {
      if (holder !== id) continue;
      this.locks.delete(key);
      this.keys.delete(key);
    }
    this.changed();
  }

  private find(path: string, recurse: boolean): unknown {
    if (path.startsWith("/v1/kv/")) {
      const prefix = decodeURIComponent(path.slice("/v1/kv/".length));
      const entries = [...this.keys].filter(([key]) =>
        recurse ? key.startsWith(prefix) : key === prefix,
      );
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
