import { now } from "../../core/timers.ts";
import { formatAddress } from "../../net/address.ts";
import type { Address } from "../../net/connection.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { DatagramHandler, UdpSocket } from "../../net/udp/udp.ts";
import type { UdpHandler, UdpReceiver, UdpSession } from "../../net/udp/udp-session.ts";

/** A server of a UDP service: a name or an address without brackets, and a port. */
export interface UdpServer {
  readonly hostname: string;
  readonly port: number;
}

export interface UdpProxyLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Datagrams of one session that wait while its socket opens. */
const MAX_WAITING = 16;
/** Bytes of all sessions' that wait. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Sockets that may be opening at a time: each may be waiting for the name's address. */
const MAX_OPENING = 1024;
/** A server's failures are errors in the log so often, in milliseconds; those between are for debugging. */
const ERROR_INTERVAL = 1000;

/**
 * Sends UDP sessions on to servers. Each session has a socket of its own, connected to its server,
 * so that answers find their client and no other sender's datagrams do. One for all services, because
 * it bounds what may wait while sockets open: a stalled name server must not cost all memory.
 */
export class UdpProxies {
  readonly bindUdp: Runtime["bindUdp"];
  readonly logger: UdpProxyLogger;
  opening = 0;
  waitingBytes = 0;

  constructor(bindUdp: Runtime["bindUdp"], logger: UdpProxyLogger) {
    this.bindUdp = bindUdp;
    this.logger = logger;
  }

  /** Source: Traefik's pkg/udp/proxy.go. Names are looked up for each session. */
  to(server: UdpServer): UdpHandler {
    const log = new FailureLog(server, this.logger);
    return (session) => {
      if (this.opening >= MAX_OPENING) {
        log.failed("Too many UDP sockets are opening", session, undefined);
        return null;
      }
      return new ProxiedSession(session, server, this, log);
    };
  }
}

/** A session on its way to a server, and its answers on their way back. */
class ProxiedSession implements UdpReceiver, DatagramHandler {
  private readonly session: UdpSession;
  private readonly server: Address;
  private readonly proxies: UdpProxies;
  private readonly log: FailureLog;
  private socket: UdpSocket | null = null;
  private waiting: Uint8Array[] = [];
  private over = false;

  constructor(session: UdpSession, server: UdpServer, proxies: UdpProxies, log: FailureLog) {
    this.session = session;
    this.server = { ip: server.hostname, port: server.port };
    this.proxies = proxies;
    this.log = log;
    proxies.opening++;
    proxies.bindUdp({ hostname: "", port: 0, connect: server }, this).then(
      (socket) => this.opened(socket),
      (error: unknown) => this.failed(error),
    );
  }

  /** From the client. */
  received(bytes: Uint8Array): void {
    if (this.socket !== null) {
      this.socket.send(bytes, this.server);
      return;
    }
    const { proxies, waiting } = this;
    const total = proxies.waitingBytes + bytes.length;
    if (waiting.length >= MAX_WAITING || total > MAX_WAITING_BYTES) return;
    proxies.waitingBytes = total;
    waiting.push(bytes);
  }

  /** From the server. */
  datagram(bytes: Uint8Array): void {
    this.session.send(bytes);
  }

  /** What the server can't take ends the session: the client's next datagram may meet with another server. */
  error(error: Error): void {
    this.log.failed("Error while handling a UDP session", this.session, error);
    this.session.close();
  }

  closed(): void {
    this.over = true;
    this.forget();
    this.socket?.close();
  }

  private opened(socket: UdpSocket): void {
    this.proxies.opening--;
    if (this.over) {
      socket.close();
      return;
    }
    this.socket = socket;
    for (const bytes of this.forget()) socket.send(bytes, this.server);
  }

  private failed(error: unknown): void {
    this.proxies.opening--;
    if (this.over) return;
    this.log.failed("Error while dialing a UDP server", this.session, error);
    this.session.close();
  }

  /** What waited, which waits no more. */
  private forget(): readonly Uint8Array[] {
    const { waiting } = this;
    for (const { length } of waiting) this.proxies.waitingBytes -= length;
    this.waiting = [];
    return waiting;
  }
}

/** Tells of a server's failures, and not so often that clients could fill a disk with them. */
class FailureLog {
  private readonly serverAddress: string;
  private readonly logger: UdpProxyLogger;
  private last = Number.NEGATIVE_INFINITY;

  constructor({ hostname, port }: UdpServer, logger: UdpProxyLogger) {
    this.serverAddress = formatAddress({ ip: hostname, port });
    this.logger = logger;
  }

  failed(message: string, session: UdpSession, error: unknown): void {
    const fields = {
      entryPointName: session.entryPoint,
      client: formatAddress(session.remote),
      serverAddress: this.serverAddress,
      error,
    };
    const time = now();
    if (time - this.last < ERROR_INTERVAL) {
      this.logger.debug(message, fields);
      return;
    }
    this.last = time;
    this.logger.error(message, fields);
  }
}
