import {
  type AddressInfo,
  createServer,
  connect as dial,
  type Server,
  type Socket,
} from "node:net";
import { canonicalIp } from "../../src/net/address.ts";
import type { Address, Connection, ConnectionHandler, Listener } from "../../src/net/connection.ts";
import type { ConnectOptions, Dial, DialHandler, ListenOptions } from "../../src/net/runtime.ts";
import { isSocketPath } from "../../src/net/unix-socket.ts";
import { bindAll } from "./bind-all.ts";
import { NodeConnection } from "./node-connection.ts";
import { SystemError } from "./system-error.ts";
import { nodeClientHandshake } from "./tls/node-handshake.ts";
import type { NodeClientTls } from "./tls/node-tls-context.ts";
import { reportUncaught } from "./uncaught.ts";

/** Node's own. */
const BACKLOG = 511;
/** How often a listener is told to go on, in milliseconds. */
const WAKE_UP = 500;

/** Binds with node:net; see `Runtime.listen`. */
export async function nodeListen(
  { hostname, port, reusePort = false }: ListenOptions,
  accepted: (connection: Connection) => ConnectionHandler,
): Promise<Listener> {
  const bind = (host: string): Promise<Server> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => introduce(socket, accepted));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, reusePort, exclusive: true, backlog: BACKLOG }, () => {
        server.off("error", reject);
        server.on("error", reportUncaught);
        resolve(server);
      });
    });
  };
  try {
    const server = await (hostname === "" ? bindAll(bind) : bind(hostname));
    const address = server.address() as AddressInfo;
    const waking = setInterval(() => wake(server), WAKE_UP);
    return {
      address: { ip: canonicalIp(address.address), port: address.port },
      stop: () => {
        clearInterval(waking);
        server.close();
      },
    };
  } catch (error) {
    throw new SystemError("listen", hostname, port, error);
  }
}

/**
 * Deno 2.9 accepts nothing any more, and says nothing, once there was no file descriptor left for a
 * connection. Told to listen it goes on; where it never stopped, that costs no system call.
 */
function wake(server: Server): void {
  const { _handle } = server as unknown as { _handle: { listen(backlog: number): void } | null };
  _handle?.listen(BACKLOG);
}

/** Finds a handler for a new connection. */
function introduce(
  socket: Socket,
  to: (connection: Connection) => ConnectionHandler,
  remote?: Address,
): NodeConnection {
  const connection = new NodeConnection(socket, remote);
  if (connection.stillborn) {
    connection.reset();
    return connection;
  }
  try {
    connection.handler = to(connection);
  } catch (error) {
    connection.failed(error);
  }
  return connection;
}

/** Dials with node:net; see `Runtime.connect`. */
export function nodeConnect(options: ConnectOptions, handler: DialHandler): Dial {
  return new NodeDial(options, handler);
}

class NodeDial implements Dial {
  private readonly options: ConnectOptions;
  private readonly socket: Socket | undefined;
  private handler: DialHandler | null;
  private handshake: Dial | null = null;

  constructor(options: ConnectOptions, handler: DialHandler) {
    this.options = options;
    this.handler = handler;
    const { hostname, port } = options;
    const fail = (error: unknown) => this.failed(error);
    try {
      // Node takes it for localhost.
      if (hostname === "") throw new Error("no host to connect to");
      const server = isSocketPath(hostname) ? { path: hostname } : { host: hostname, port };
      this.socket = dial({ ...server, allowHalfOpen: true });
      this.socket.once("error", fail);
      this.socket.once("connect", () => this.opened());
    } catch (error) {
      queueMicrotask(() => fail(error));
    }
  }

  cancel(): void {
    if (this.handler === null) return;
    this.handler = null;
    this.handshake?.cancel();
    this.socket?.destroy();
  }

  /** A Unix socket's peer has no address but the path that was dialled. */
  private get remote(): Address | undefined {
    const { hostname } = this.options;
    return isSocketPath(hostname) ? { ip: hostname, port: 0 } : undefined;
  }

  private opened(): void {
    const { handler } = this;
    if (handler === null) return;
    const { preface, tls } = this.options;
    // Waits in the socket where the system doesn't take it at once: a copy.
    if (preface !== undefined) this.socket!.write(preface.slice());
    if (tls !== undefined) {
      this.secure(tls);
      return;
    }
    const connected = (connection: Connection) => {
      this.handler = null;
      return handler.connected(connection);
    };
    const connection = introduce(this.socket!, connected, this.remote);
    if (connection.stillborn) this.failed({ code: "ECONNRESET" });
  }

  private secure({ context, serverName }: NonNullable<ConnectOptions["tls"]>): void {
    const connection = new NodeConnection(this.socket!, this.remote);
    const name = serverName || this.options.hostname;
    this.handshake = nodeClientHandshake(connection, context as NodeClientTls, serverName, name, {
      secured: (secured) => {
        const handler = this.handler!;
        this.handler = null;
        return handler.connected(secured);
      },
      failed: (error) => this.failed(error),
    });
  }

  private failed(cause: unknown): void {
    const { handler } = this;
    const { hostname, port } = this.options;
    this.handler = null;
    try {
      handler?.failed(new SystemError("connect", hostname, port, cause));
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}
