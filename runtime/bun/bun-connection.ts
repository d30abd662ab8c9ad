import type { Socket } from "bun";
import { canonicalIp } from "../../src/net/address.ts";
import type { Address, Connection, ConnectionHandler } from "../../src/net/connection.ts";
import { HeldEvents } from "../node/held-events.ts";
import { reportUncaught } from "../node/uncaught.ts";

/** How long a connection may be silent before the system asks whether the peer is still there: Traefik's 3 minutes. */
const KEEP_ALIVE = 180_000;

const NOBODY: ConnectionHandler = { data() {}, drain() {}, end() {}, close() {} };

/**
 * A Bun socket as a Connection. It is its socket's `data`: the event table that all sockets share
 * calls the methods at the end of the class.
 */
export class BunConnection implements Connection {
  handler: ConnectionHandler = NOBODY;
  closed = false;
  readonly remote: Address;
  readonly local: Address;
  private readonly socket: Socket<BunConnection>;
  private paused = false;
  private held: HeldEvents | null = null;
  /** The last `write` took less than all. Bun also says `drain` on other occasions. */
  private congested = false;
  /** The socket is gone; what was held back may still have to be delivered. */
  private dead = false;
  private finSent = false;
  private finReceived = false;
  private closeDelivered = false;

  constructor(socket: Socket<BunConnection>) {
    this.socket = socket;
    // Now, because a closed socket doesn't tell any more.
    this.remote = addressOf(socket.remoteAddress, socket.remotePort);
    this.local = addressOf(socket.localAddress, socket.localPort);
    socket.setKeepAlive(true, KEEP_ALIVE);
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed) return -1;
    const taken = this.socket.write(bytes, start, end - start);
    this.congested = taken >= 0 && taken < end - start;
    return taken;
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    if (!this.closed && !this.dead && !this.finReceived) this.socket.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    // Never from inside the caller: it may be in the middle of something.
    if (this.held !== null) queueMicrotask(() => this.deliverHeld());
    else if (!this.closed && !this.finReceived) this.socket.resume();
  }

  shutdown(): void {
    if (this.closed || this.dead || this.finSent) return;
    this.finSent = true;
    this.socket.shutdown();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.held = null;
    if (!this.dead) this.socket.end();
    this.deliverCloseLater();
  }

  reset(): void {
    if (this.closed) return;
    this.closed = true;
    this.held = null;
    if (!this.dead) this.socket.terminate();
    this.deliverCloseLater();
  }

  /** The peer had reset the connection before this side heard of it: nobody knows who it was. */
  get stillborn(): boolean {
    return this.remote.ip === "";
  }

  // --- Bun's events ---

  received(chunk: Uint8Array): void {
    if (this.closed) return;
    if (this.paused || this.held !== null) {
      this.held ??= new HeldEvents();
      this.held.chunks.push(chunk);
      return;
    }
    try {
      this.handler.data(chunk);
    } catch (error) {
      this.failed(error);
    }
  }

  writable(): void {
    if (!this.congested || this.closed) return;
    this.congested = false;
    try {
      this.handler.drain();
    } catch (error) {
      this.failed(error);
    }
  }

  ended(): void {
    if (this.closed || this.finReceived) return;
    this.finReceived = true;
    if (this.paused || this.held !== null) {
      this.held ??= new HeldEvents();
      this.held.end = true;
      return;
    }
    try {
      this.handler.end();
    } catch (error) {
      this.failed(error);
    }
  }

  /** The socket is gone. After our own close or reset that is no news. */
  gone(error: Error | undefined): void {
    this.dead = true;
    if (this.closed) return;
    // Bun doesn't mention a FIN that comes after our own.
    if (error === undefined && this.finSent) this.ended();
    if (this.closed) return;
    if (this.held === null) {
      this.deliverClose(error);
    } else {
      this.held.closed = true;
      this.held.error = error;
    }
  }

  /** The handler threw. */
  failed(error: unknown): void {
    reportUncaught(error);
    this.reset();
  }

  // --- what was held back ---

  private deliverHeld(): void {
    const { held } = this;
    if (held === null) return;
    try {
      while (held.chunks.length > 0) {
        if (this.paused) return;
        this.handler.data(held.chunks.shift()!);
        if (this.held !== held) return;
      }
      if (this.paused) return;
      if (held.end) {
        held.end = false;
        this.handler.end();
        if (this.held !== held || this.paused) return;
      }
    } catch (error) {
      this.failed(error);
      return;
    }
    this.held = null;
    if (held.closed) this.deliverClose(held.error);
    else if (!this.finReceived) this.socket.resume();
  }

  private deliverCloseLater(): void {
    queueMicrotask(() => this.deliverClose(undefined));
  }

  private deliverClose(error: Error | undefined): void {
    if (this.closeDelivered) return;
    this.closeDelivered = true;
    this.closed = true;
    try {
      this.handler.close(error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}

function addressOf(ip: string | undefined, port: number | undefined): Address {
  return { ip: ip === undefined ? "" : canonicalIp(ip), port: port ?? 0 };
}
