import { type Deadlines, type Expiring, now } from "../../core/timers.ts";
import { formatAddress } from "../../net/address.ts";
import type { Address } from "../../net/connection.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { DatagramHandler, UdpSocket } from "../../net/udp/udp.ts";
import type { UdpHandler, UdpReceiver, UdpSession } from "../../net/udp/udp-session.ts";
import { listenError } from "./listen-error.ts";

/** A UDP entrypoint's settings. Times in milliseconds. */
export interface UdpEntryPointOptions {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** How long a session lives without a datagram either way. */
  readonly timeout: number;
  /** How many sessions there may be: datagrams of further clients are dropped. */
  readonly maxSessions: number;
  readonly requestAcceptGraceTimeout: number;
  readonly graceTimeOut: number;
}

export interface UdpEntryPointLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** How often a shutdown looks whether the last session is gone, in milliseconds. */
const DRAIN_TICK = 20;

/**
 * A UDP address with the sessions of those who send to it. A session keeps whom its first datagram
 * was given to; the handler that a reload brings is for the sessions after it.
 */
export class UdpEntryPoint implements DatagramHandler {
  readonly options: UdpEntryPointOptions;
  /** Who gets new sessions; null where the configuration has no router for this entrypoint. */
  handler: UdpHandler | null = null;
  /** Datagrams received since the start. */
  datagramCount = 0;
  private readonly deadlines: Deadlines;
  private readonly logger: UdpEntryPointLogger;
  private readonly sessions = new Map<string, ClientSession>();
  private socket: UdpSocket | null = null;
  private draining = false;
  /** There were too many sessions, and the log has said so. */
  private full = false;

  constructor(options: UdpEntryPointOptions, deadlines: Deadlines, logger: UdpEntryPointLogger) {
    this.options = options;
    this.deadlines = deadlines;
    this.logger = logger;
  }

  get name(): string {
    return this.options.name;
  }

  /** Where it listens, once it does. */
  get address(): Address | undefined {
    return this.socket?.local;
  }

  get sessionCount(): number {
    return this.sessions.size;
  }

  /** Binds. Rejects with what the system has against it. */
  async listen(runtime: Pick<Runtime, "bindUdp">): Promise<void> {
    const { hostname, port, reusePort } = this.options;
    try {
      this.socket = await runtime.bindUdp({ hostname, port, reusePort }, this);
    } catch (error) {
      throw listenError(this.name, port, error);
    }
  }

  /** From a client. */
  datagram(bytes: Uint8Array, from: Address): void {
    this.datagramCount++;
    const key = `${from.ip} ${from.port}`;
    const session = this.sessions.get(key) ?? this.begin(key, from);
    session?.received(bytes);
  }

  error(error: Error): void {
    this.logger.debug("A UDP socket reported an error", { entryPointName: this.name, error });
  }

  /** Takes no new sessions, lets those that there are end within `grace` milliseconds, then ends them. */
  async shutdown(grace = this.options.graceTimeOut): Promise<void> {
    this.draining = true;
    const end = now() + grace;
    while (this.sessions.size > 0 && now() < end) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_TICK));
    }
    this.socket?.close();
    this.socket = null;
    for (const session of [...this.sessions.values()]) session.close();
  }

  /** For sessions: answers their clients. */
  send(bytes: Uint8Array, to: Address): void {
    this.socket?.send(bytes, to);
  }

  /** For sessions: when one that has a datagram now is to end. */
  deadline(): number {
    return this.deadlines.after(this.options.timeout);
  }

  /** For sessions: this one is over. */
  ended(key: string, session: ClientSession): void {
    this.sessions.delete(key);
    this.deadlines.remove(session);
  }

  private begin(key: string, from: Address): ClientSession | null {
    if (this.draining || this.handler === null) return null;
    if (this.sessions.size >= this.options.maxSessions) {
      this.refuse(from);
      return null;
    }
    this.full = false;
    const session = new ClientSession(this, key, from);
    const receiver = this.handler(session);
    if (receiver === null) return null;
    session.receiver = receiver;
    this.sessions.set(key, session);
    this.deadlines.add(session);
    return session;
  }

  /** Tells once that there are too many sessions, until there is room again. */
  private refuse(from: Address): void {
    const { logger, full, name: entryPointName } = this;
    const fields = { entryPointName, client: formatAddress(from) };
    if (full) {
      logger.debug("Dropped a datagram: too many UDP sessions", fields);
    } else {
      this.full = true;
      logger.warn("Too many UDP sessions: datagrams of new clients are dropped", {
        ...fields,
        sessions: this.sessions.size,
      });
    }
  }
}

class ClientSession implements UdpSession, Expiring {
  deadline = 0;
  readonly remote: Address;
  receiver!: UdpReceiver;
  private readonly entry: UdpEntryPoint;
  private readonly key: string;
  private over = false;

  constructor(entry: UdpEntryPoint, key: string, remote: Address) {
    this.entry = entry;
    this.key = key;
    this.remote = remote;
  }

  get entryPoint(): string {
    return this.entry.name;
  }

  received(bytes: Uint8Array): void {
    this.deadline = this.entry.deadline();
    this.receiver.received(bytes);
  }

  send(bytes: Uint8Array): void {
    if (this.over) return;
    this.deadline = this.entry.deadline();
    this.entry.send(bytes, this.remote);
  }

  expired(): void {
    this.close();
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.entry.ended(this.key, this);
    this.receiver.closed();
  }
}
