import { type HttpRequest, readRequest } from "../http/http-request.ts";
import { PATIENCE, waitFor } from "../wait-for.ts";
import { RawConnection } from "./raw-connection.ts";

/** A connection that the upstream accepted; `received` has every byte that came on it. */
export class UpstreamConnection extends RawConnection {
  /** The requests that `request` returned so far. */
  readonly requests: HttpRequest[] = [];

  /**
   * The next request with its whole body; undefined where the proxy ended the connection.
   * Throws on anything that is not strictly well-formed, as a picky backend would.
   */
  async request(patience = PATIENCE): Promise<HttpRequest | undefined> {
    const found = await this.read("a request", readRequest, patience);
    if (found !== undefined) this.requests.push(found);
    return found;
  }
}

/** What an upstream does with a connection. It may throw once the proxy has gone. */
export type UpstreamScript = (
  connection: UpstreamConnection,
  index: number,
) => Promise<void> | void;

/** A TCP server that records all that it receives, and answers as its script says. */
export class RecordingUpstream {
  readonly connections: UpstreamConnection[] = [];
  /** What the scripts threw, malformed requests above all. */
  readonly errors: unknown[] = [];
  readonly #listener: Bun.TCPSocketListener<UpstreamConnection>;

  constructor(script: UpstreamScript, port = 0) {
    const { connections, errors } = this;
    this.#listener = Bun.listen<UpstreamConnection>({
      hostname: "127.0.0.1",
      port,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          const connection = new UpstreamConnection();
          connection.attach(socket as never);
          socket.data = connection;
          const index = connections.push(connection) - 1;
          const run = async () => script(connection, index);
          run().catch((error) => errors.push(error));
        },
        data: (socket, chunk) => socket.data.handlers.data(socket, chunk),
        drain: (socket) => socket.data.handlers.drain(),
        end: (socket) => socket.data.handlers.end(),
        error: (socket) => socket.data.handlers.error(),
        close: (socket, error) => socket.data.handlers.close(socket, error),
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All requests read, connection by connection. */
  get requests(): HttpRequest[] {
    return this.connections.flatMap((connection) => connection.requests);
  }

  /** Everything received, connection by connection, as text (Latin-1). */
  get received(): string[] {
    return this.connections.map((connection) => {
      void connection.waiting;
      return new TextDecoder("latin1").decode(connection.received);
    });
  }

  /** Connections that the proxy has not ended. */
  get open(): number {
    return this.connections.filter((connection) => connection.ending === "open").length;
  }

  /** Waits for the connection of that index. */
  async connection(index: number): Promise<UpstreamConnection> {
    return waitFor(`upstream connection ${index}`, () => this.connections[index]);
  }

  /** Stops listening and resets what is open. */
  stop(): void {
    this.#listener.stop(true);
    for (const connection of this.connections) connection.reset();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

export function startUpstream(script: UpstreamScript, port?: number): RecordingUpstream {
  return new RecordingUpstream(script, port);
}
