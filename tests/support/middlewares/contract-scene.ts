import { type Router, startRouter } from "../router.ts";
import { RawClient } from "../sockets/raw-client.ts";
import {
  type RecordingUpstream,
  startUpstream,
  type UpstreamConnection,
} from "../sockets/recording-upstream.ts";
import { chunked, plain } from "../sockets/upstream-scripts.ts";
import { PATIENCE, within } from "../wait-for.ts";
import { CONTRACT_FILES, CONTRACT_LINES } from "./contract-lines.ts";

/** One request of the contract and what the upstream does with it. */
export class Passage {
  readonly kind: string;
  /** The upstream has seen of it what it waits for first. */
  readonly seen = Promise.withResolvers<UpstreamConnection>();
  /** The test lets the upstream go on. */
  readonly go = Promise.withResolvers<void>();

  constructor(kind: string) {
    this.kind = kind;
  }

  /** Waits until the upstream has seen it. */
  reached(): Promise<UpstreamConnection> {
    return within(`${this.kind}'s request at the upstream`, this.seen.promise);
  }
}

/** What the upstream does, by the request's X-Case. The head is still to be read. */
type UpstreamCase = (connection: UpstreamConnection, passage: Passage) => Promise<void>;

const CASES: Readonly<Record<string, UpstreamCase>> = {
  async echo(connection, { seen }) {
    const request = await connection.request();
    seen.resolve(connection);
    await connection.send(plain(request!.body, "200 OK", ["X-Case: echo"]));
  },
  async head(connection) {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX-Case: head\r\n\r\n");
  },
  async download(connection, { seen, go }) {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    seen.resolve(connection);
    await go.promise;
    await connection.send("3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n");
  },
  async silent(connection, { seen }) {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    seen.resolve(connection);
    await connection.ended();
  },
  async upload(connection, { seen }) {
    await connection.read("the first chunk", (waiting) =>
      Buffer.from(waiting).includes("one") ? [] : undefined,
    );
    seen.resolve(connection);
    const request = await connection.request();
    const trailers = request!.trailers.map(([name, value]) => `${name}=${value}`);
    await connection.send(chunked([`${request!.text}|${trailers}`]));
  },
  async upgrade(connection) {
    await connection.readUntil("\r\n\r\n");
    await connection.send(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ping\r\n\r\nfirst|",
    );
    await connection.readUntil("ping");
    await connection.send("pong");
    await connection.ended();
  },
  async cut(connection) {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.");
    await Bun.sleep(30); // A reset may overtake what was sent; give it time to arrive.
    connection.reset();
  },
  async gone(connection) {
    await connection.request();
    connection.close();
  },
};

/** The program with a router for each line of the contract, in front of one upstream. */
export class ContractScene {
  readonly router: Router;
  private readonly upstream: RecordingUpstream;
  private readonly passages: Map<string, Passage>;
  private readonly stopPeers: () => void;
  private readonly configuration: Record<string, Record<string, unknown>>;

  private constructor(
    router: Router,
    upstream: RecordingUpstream,
    passages: Map<string, Passage>,
    configuration: Record<string, Record<string, unknown>>,
    stopPeers: () => void,
  ) {
    this.router = router;
    this.upstream = upstream;
    this.passages = passages;
    this.configuration = configuration;
    this.stopPeers = stopPeers;
  }

  static async start(): Promise<ContractScene> {
    const passages = new Map<string, Passage>();
    const upstream = startUpstream(async (connection) => {
      for (;;) {
        const found = await connection.read("a head", (waiting) => {
          const text = Buffer.from(waiting).toString("latin1");
          const ids = /^x-case: (.*)\r\nx-id: (.*)\r\n/im.exec(text);
          return ids === null || !text.includes("\r\n\r\n")
            ? undefined
            : { length: 0, name: ids[1], id: ids[2] };
        });
        if (found === undefined) break;
        const passage = passages.get(found.id)!;
        await CASES[found.name](connection, passage);
        if (connection.ending !== "open") break;
      }
      connection.close();
    });
    const allowing = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const peers = { allowing: `http://127.0.0.1:${allowing.port}/` };
    const http: Record<string, Record<string, unknown>> = {
      routers: {},
      middlewares: {},
      services: { service: { loadBalancer: { servers: [{ url: upstream.url }] } } },
    };
    for (const [kind, { options }] of Object.entries(CONTRACT_LINES)) {
      const made = typeof options === "function" ? options(peers) : options;
      http.middlewares[kind] = { [kind]: made };
      http.routers[kind] = routerTo(kind);
    }
    const router = await startRouter({
      dynamic: JSON.stringify({ http }),
      files: CONTRACT_FILES,
      web: "    forwardedHeaders: { insecure: true }",
    });
    return new ContractScene(router, upstream, passages, http, () => allowing.stop(true));
  }

  /** A client that has sent a request through the middleware of that kind; it goes on as the case says. */
  async begin(
    kind: string,
    name: string,
    { method = "GET", fields = [], body = "" }: Asked = {},
  ): Promise<{ client: RawClient; passage: Passage }> {
    const passage = new Passage(kind);
    const id = `${kind}-${this.passages.size}`;
    this.passages.set(id, passage);
    const { port } = this.router;
    const target = `/${kind}/path`;
    const { fields: needed = [] } = CONTRACT_LINES[kind];
    const own = typeof needed === "function" ? await needed({ port, method, target }) : needed;
    const client = await RawClient.connect(port);
    const lines = [
      `${method} ${target} HTTP/1.1`,
      "Host: app.test",
      `X-Case: ${name}`,
      `X-Id: ${id}`,
      ...own,
      ...fields,
      "",
      "",
    ];
    client.offer(Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), Buffer.from(body)]));
    return { client, passage };
  }

  /** Gives the program a configuration with one router more; resolves when that serves. */
  async reload(): Promise<void> {
    const { configuration } = this;
    const routers = { ...configuration.routers, reloaded: routerTo("reloaded", []) };
    this.router.reconfigure(JSON.stringify({ http: { ...configuration, routers } }));
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const { client, passage } = await this.beginUnguarded("reloaded");
      using _ = client;
      passage.go.resolve();
      if ((await client.response()).status === 200) return;
      if (performance.now() > deadline) throw new Error("the reload never took effect");
      await Bun.sleep(20);
    }
  }

  private async beginUnguarded(kind: string) {
    const passage = new Passage(kind);
    const id = `${kind}-${this.passages.size}`;
    this.passages.set(id, passage);
    const client = await RawClient.connect(this.router.port);
    client.offer(`GET /${kind}/ HTTP/1.1\r\nHost: a\r\nX-Case: echo\r\nX-Id: ${id}\r\n\r\n`);
    return { client, passage };
  }

  /** What the upstream's scripts threw: requests that were no requests. */
  get errors(): readonly unknown[] {
    return this.upstream.errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.router[Symbol.asyncDispose]();
    this.upstream.stop();
    this.stopPeers();
  }
}

/** What a client asks for besides the path. */
export interface Asked {
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly body?: string | Uint8Array;
}

function routerTo(kind: string, middlewares = [kind]) {
  return { rule: `PathPrefix(\`/${kind}/\`)`, service: "service", middlewares };
}
