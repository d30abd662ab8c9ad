import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Socket } from "bun";
import { canonicalIp } from "../../src/net/address.ts";
import type { Connection, ConnectionHandler, Listener } from "../../src/net/connection.ts";
import type { ConnectOptions, Dial, DialHandler, ListenOptions } from "../../src/net/runtime.ts";
import { isSocketPath } from "../../src/net/unix-socket.ts";
import { bindAll } from "../node/bind-all.ts";
import { SystemError } from "../node/system-error.ts";
import { reportUncaught } from "../node/uncaught.ts";
import { boundUnsent } from "./bounds/socket-bounds.ts";
import { BunConnection } from "./bun-connection.ts";
import { BunClientHandshake } from "./bun-handshake.ts";
import type { BunClientTls } from "./bun-tls-context.ts";

type ConnectionSocket = Socket<BunConnection>;

/** What is done with a connected socket's events, whatever serves it. */
const EVENTS: Bun.SocketHandler<BunConnection> = {
  binaryType: "uint8array",
  data: (socket: ConnectionSocket, chunk: Uint8Array) => socket.data.received(chunk),
  drain: (socket: ConnectionSocket) => socket.data.writable(),
  end: (socket: ConnectionSocket) => socket.data.ended(),
  close: (socket: ConnectionSocket, error?: Error) => socket.data.gone(error),
  error: (socket: ConnectionSocket, error: Error) => socket.data.failed(error),
};

/** Binds with Bun.listen; see `Runtime.listen`. */
export async function bunListen(
  { hostname, port, reusePort = false }: ListenOptions,
  accepted: (connection: Connection) => ConnectionHandler,
): Promise<Listener> {
  const socket: Bun.SocketHandler<BunConnection> = {
    ...EVENTS,
    open(socket: ConnectionSocket) {
      const connection = new BunConnection(socket);
      socket.data = connection;
      if (connection.stillborn) {
        connection.reset();
        return;
      }
      boundUnsent(socket);
      try {
        connection.handler = accepted(connection);
      } catch (error) {
        connection.failed(error);
      }
    },
  };
  const bind = (ip: string): Listener => {
    // The types know `reusePort` for Bun.connect only.
    const options = { hostname: ip, port, reusePort, allowHalfOpen: true, socket };
    const listener = Bun.listen<BunConnection>(options);
    return {
      address: { ip: canonicalIp(ip), port: listener.port },
      stop: () => listener.stop(false),
    };
  };
  try {
    if (hostname === "") return await bindAll(bind);
    return bind(isIP(hostname) === 0 ? (await lookup(hostname)).address : hostname);
  } catch (error) {
    throw new SystemError("listen", hostname, port, error);
  }
}

/** Dials with Bun.connect; see `Runtime.connect`. */
export function bunConnect(options: ConnectOptions, handler: DialHandler): Dial {
  return new BunDial(options, handler);
}

class BunDial implements Dial {
  private readonly options: ConnectOptions;
  private handler: DialHandler | null;
  private handshake: Dial | null = null;

  constructor(options: ConnectOptions, handler: DialHandler) {
    this.options = options;
    this.handler = handler;
    const { hostname, port } = options;
    const fail = (cause: unknown) => this.failed(cause);
    try {
      // Until it is open, the socket's data is this dial: `EVENTS` are for what comes after.
      const rest = { allowHalfOpen: true, data: this, socket: DIAL_EVENTS };
      const { unixPath } = this;
      const connecting =
        unixPath !== null
          ? Bun.connect<BunDial>({ unix: unixPath, ...rest })
          : Bun.connect<BunDial>({ hostname, port, ...rest });
      connecting.catch(fail);
    } catch (error) {
      queueMicrotask(() => fail(error));
    }
  }

  /** Null for TCP. */
  get unixPath(): string | null {
    const { hostname } = this.options;
    return isSocketPath(hostname) ? hostname : null;
  }

  cancel(): void {
    this.handler = null;
    this.handshake?.cancel();
  }

  opened(connection: BunConnection): void {
    if (connection.stillborn) {
      connection.reset();
      this.failed({ code: "ECONNRESET" });
      return;
    }
    const { handler } = this;
    if (handler === null) {
      connection.reset();
      return;
    }
    const { preface, tls } = this.options;
    if (preface !== undefined && connection.write(preface) < preface.length) {
      connection.reset();
      this.failed({ code: "ECONNRESET" });
      return;
    }
    if (tls !== undefined) {
      this.secure(connection, tls);
      return;
    }
    this.handler = null;
    try {
      connection.handler = handler.connected(connection);
    } catch (error) {
      connection.failed(error);
    }
  }

  private secure(
    connection: BunConnection,
    { context, serverName }: NonNullable<ConnectOptions["tls"]>,
  ): void {
    const { hostname } = this.options;
    const client = context as BunClientTls;
    this.handshake = new BunClientHandshake(connection, client, serverName, hostname, {
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

const DIAL_EVENTS: Bun.SocketHandler<BunDial> = {
  ...(EVENTS as unknown as Bun.SocketHandler<BunDial>),
  open(socket: Socket<BunDial>) {
    const dial = socket.data;
    const connected = socket as unknown as ConnectionSocket;
    const path = dial.unixPath;
    const remote = path === null ? undefined : { ip: path, port: 0 };
    const connection = new BunConnection(connected, remote);
    connected.data = connection;
    dial.opened(connection);
  },
  // The promise tells it as well: one of them is enough, and this one makes the other handled.
  connectError() {},
};
