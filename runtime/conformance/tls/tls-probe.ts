import type { Connection, Listener } from "../../../src/net/connection.ts";
import type { Dial, Runtime } from "../../../src/net/runtime.ts";
import type { ClientTlsOptions, ServerTlsContext, ServerTlsOptions } from "../../../src/net/tls.ts";
import { Probe, within } from "../probe.ts";
import { ROOT, SERVER } from "./tls-fixtures.ts";

export const SERVER_OPTIONS: ServerTlsOptions = {
  keyPair: SERVER,
  clientAuth: "none",
  clientCAs: [],
  sessionTickets: true,
  alpn: [],
};

export const CLIENT_OPTIONS: ClientTlsOptions = { rootCAs: [ROOT], verify: true, alpn: [] };

/** What became of one side's handshake. */
export type Outcome = Probe | Error;

/** One connection over TLS, from both of its ends. */
export interface TlsPair {
  readonly client: Probe;
  readonly server: Probe;
  /** The connection that the server's handshake began with. */
  readonly plain: Connection;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Listens, and shakes hands with each client as soon as the first bytes are there. */
export class TlsListener {
  readonly outcomes: Outcome[] = [];
  readonly plain: Connection[] = [];
  listener!: Listener;
  /** Called with who gets the bytes of a connection whose handshake is done. */
  onSecured: ((probe: Probe) => void) | undefined;
  private wake: (() => void) | undefined;

  static async start(runtime: Runtime, context: ServerTlsContext): Promise<TlsListener> {
    const self = new TlsListener();
    self.listener = await runtime.listen({ hostname: "127.0.0.1", port: 0 }, (connection) => {
      self.plain.push(connection);
      const probe = new Probe();
      probe.onData = (chunk) => {
        self.shake(runtime, connection, context, chunk);
      };
      return probe;
    });
    return self;
  }

  shake(
    runtime: Runtime,
    connection: Connection,
    context: ServerTlsContext,
    early: Uint8Array,
  ): Dial {
    return runtime.startTls(connection, context, early, {
      secured: (secured) => {
        const probe = new Probe();
        probe.connection = secured;
        this.settled(probe);
        this.onSecured?.(probe);
        return probe;
      },
      failed: (error) => this.settled(error),
    });
  }

  get port(): number {
    return this.listener.address.port;
  }

  /** What becomes of the next handshake, or became of it already. */
  async next(): Promise<Outcome> {
    if (this.outcomes.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      await within("the server's handshake", promise);
    }
    return this.outcomes.shift()!;
  }

  private settled(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.wake?.();
  }

  [Symbol.dispose](): void {
    this.listener.stop();
    for (const outcome of this.outcomes) if (outcome instanceof Probe) outcome.connection.reset();
  }
}

/** Dials loopback and shakes hands; without TLS where the options are null. */
export function dialTls(
  runtime: Runtime,
  port: number,
  options: ClientTlsOptions | null = CLIENT_OPTIONS,
  serverName = "server.test",
  preface?: Uint8Array,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const tls = options === null ? undefined : { context: runtime.clientTls(options), serverName };
  runtime.connect(
    { hostname: "127.0.0.1", port, preface, tls },
    {
      connected(connection) {
        const probe = new Probe();
        probe.connection = connection;
        resolve(probe);
        return probe;
      },
      failed: resolve,
    },
  );
  return within("the client's handshake", promise);
}

/** What becomes of a handshake between two of these, on both sides. */
export async function shakeHands(
  runtime: Runtime,
  server: Partial<ServerTlsOptions> = {},
  client: Partial<ClientTlsOptions> = {},
  serverName?: string,
): Promise<{ client: Outcome; server: Outcome; plain: Connection }> {
  const context = runtime.serverTls({ ...SERVER_OPTIONS, ...server });
  using listener = await TlsListener.start(runtime, context);
  const outcome = await dialTls(
    runtime,
    listener.port,
    { ...CLIENT_OPTIONS, ...client },
    serverName,
  );
  return { client: outcome, server: await listener.next(), plain: listener.plain[0] };
}

/** A connection whose handshake went well. What is left open is reset at the case's end. */
export async function tlsPair(
  runtime: Runtime,
  serverOptions: Partial<ServerTlsOptions> = {},
  clientOptions: Partial<ClientTlsOptions> = {},
  serverName?: string,
): Promise<TlsPair> {
  const { client, server, plain } = await shakeHands(
    runtime,
    serverOptions,
    clientOptions,
    serverName,
  );
  if (client instanceof Error) throw client;
  if (server instanceof Error) throw server;
  return {
    client,
    server,
    plain,
    async [Symbol.asyncDispose]() {
      client.connection.reset();
      server.connection.reset();
      await Promise.all([client.closed(), server.closed()]);
    },
  };
}
