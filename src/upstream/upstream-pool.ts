import type { ProxyError } from "../core/errors.ts";
import type { Deadlines } from "../core/timers.ts";
import type { Connection, ConnectionHandler } from "../net/connection.ts";
import type { Runtime } from "../net/runtime.ts";
import type { CallPool, SerialConnection, SharedConnection, UpstreamAddress } from "./call-pool.ts";
import { Http1Client } from "./http1/http1-client.ts";
import { Http2Client } from "./http2/http2-client.ts";
import { type DialOwner, PendingDial } from "./pending-dial.ts";
import type { Transport } from "./transport.ts";
import type { CallCarrier, UpstreamCall } from "./upstream-call.ts";

export interface TransportContext {
  readonly connect: Runtime["connect"];
  readonly deadlines: Deadlines;
}

/**
 * Connections to one server. Those of HTTP/1.1 serve one call at a time, last used first: the ones
 * that are busy stay warm and the others time out. Those of HTTP/2 take as many calls as the server
 * allows, and another one is made when they are full. Calls that no connection takes wait for the
 * dials under way; as long as it isn't known what the server speaks, one dial finds it out for all.
 */
export class UpstreamPool implements CallPool, DialOwner {
  readonly address: UpstreamAddress;
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  private readonly context: TransportContext;
  /** Nothing but HTTP/1.1 is spoken here. */
  private readonly http1Only: boolean;
  private readonly idle: SerialConnection[] = [];
  private readonly shared: SharedConnection[] = [];
  private readonly waiting: WaitingCall[] = [];
  private readonly dials: PendingDial[] = [];
  /** How many calls a new connection is thought to take. */
  private callsPerConnection: number;
  private upgrades: UpstreamPool | null = null;
  private closed = false;

  constructor(
    address: UpstreamAddress,
    transport: Transport,
    context: TransportContext,
    http1Only = address.protocol === "http" ||
      (address.protocol === "https" && !transport.options.http2),
  ) {
    this.address = address;
    this.transport = transport;
    this.deadlines = context.deadlines;
    this.context = context;
    this.http1Only = http1Only;
    this.callsPerConnection = http1Only ? 1 : Number.POSITIVE_INFINITY;
  }

  /** Idle HTTP/1.1 connections. */
  get idleCount(): number {
    return this.idle.length;
  }

  /** HTTP/2 connections that take new calls. */
  get sessionCount(): number {
    return this.shared.length;
  }

  send(call: UpstreamCall): void {
    if (!this.http1Only && call.request.upgrade !== "") {
      this.poolForUpgrades().send(call);
      return;
    }
    if (!call.fresh) {
      const client = this.idle.pop();
      if (client !== undefined) {
        client.start(call);
        return;
      }
      for (let i = 0; i < this.shared.length; i++) if (this.shared[i].start(call)) return;
    }
    this.waiting.push(new WaitingCall(this, call));
    this.adjustDials();
  }

  /** Upgrades (RFC 9110 section 7.8) exist in HTTP/1.1 only, so they get connections of their own. */
  private poolForUpgrades(): UpstreamPool {
    const { address, transport, context } = this;
    const protocol = address.protocol === "h2c" ? "http" : address.protocol;
    return (this.upgrades ??= new UpstreamPool({ ...address, protocol }, transport, context, true));
  }

  // --- connections being made ---

  /** As many dials as it takes for all calls that wait, and no more. */
  private adjustDials(): void {
    const { waiting, dials, callsPerConnection } = this;
    let calls = waiting.length;
    // A connection whose server hasn't said yet how much it takes will take some of what waits.
    for (const { settled, callCount } of this.shared)
      if (!settled) calls -= callsPerConnection - callCount;
    const wanted = calls <= 0 ? 0 : Math.max(1, Math.ceil(calls / callsPerConnection));
    while (dials.length < wanted) dials.push(this.dial());
    while (dials.length > wanted) dials.pop()!.cancel();
  }

  private dial(): PendingDial {
    const { address, transport, context, http1Only } = this;
    const { protocol, hostname, port, serverName = hostname } = address;
    const tls =
      protocol === "https" ? { tls: transport.tlsFor(serverName, !http1Only) } : undefined;
    return new PendingDial(this, context.connect, { hostname, port, ...tls });
  }

  /** A dial has come to its end well. */
  connected(dial: PendingDial, connection: Connection): ConnectionHandler {
    remove(this.dials, dial);
    const http2 =
      !this.http1Only && (this.address.protocol === "h2c" || connection.tls?.alpn === "h2");
    return http2 ? this.newShared(connection) : this.newHttp1(connection);
  }

  private newShared(connection: Connection): Http2Client {
    const client = new Http2Client(connection, this);
    this.shared.push(client);
    this.serveWaiting(client);
    return client;
  }

  private newHttp1(connection: Connection): Http1Client {
    this.callsPerConnection = 1;
    const client = new Http1Client(connection, this);
    const first = this.waiting.shift();
    if (first !== undefined) client.start(first.call);
    else if (!this.release(client)) client.closeIdle();
    this.adjustDials();
    return client;
  }

  /** A dial has failed, and with it the calls that it was for. */
  dialFailed(dial: PendingDial, error: ProxyError): void {
    const { waiting, dials } = this;
    const share = Math.ceil(waiting.length / dials.length);
    remove(dials, dial);
    for (const { call } of waiting.splice(0, share)) call.fail(error);
    this.adjustDials();
  }

  /** The caller has given that call up. */
  stopWaiting(call: WaitingCall): void {
    remove(this.waiting, call);
    this.adjustDials();
  }

  // --- HTTP/2 connections ---

  serveWaiting(client: SharedConnection): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // It waits no more by then: one that fails while it begins makes room, and this is called from within.
      if (client.start(next.call)) continue;
      waiting.unshift(next);
      break;
    }
    this.adjustDials();
  }

  learnLimit(calls: number): void {
    this.callsPerConnection = Math.max(1, calls);
  }

  keepsIdle(): boolean {
    let idle = 0;
    for (const connection of this.shared) if (connection.idle) idle++;
    return !this.closed && idle < this.transport.options.maxIdleConnsPerHost;
  }

  forgetShared(client: SharedConnection): void {
    remove(this.shared, client);
    this.adjustDials();
  }

  // --- HTTP/1.1 connections ---

  release(client: SerialConnection): boolean {
    const { maxIdleConnsPerHost, idleConnTimeout } = this.transport.options;
    if (this.closed || this.idle.length >= maxIdleConnsPerHost) return false;
    client.deadline = this.deadlines.after(idleConnTimeout);
    this.idle.push(client);
    return true;
  }

  forget(client: SerialConnection): void {
    remove(this.idle, client);
  }

  /** Closes idle connections now and busy ones when they are done. The pool still serves stragglers. */
  close(): void {
    this.closed = true;
    for (const client of this.idle.splice(0)) client.closeIdle();
    for (const connection of [...this.shared]) connection.drainConnection();
    this.upgrades?.close();
  }
}

/** A call that waits for a connection. */
class WaitingCall implements CallCarrier {
  readonly call: UpstreamCall;
  private readonly pool: UpstreamPool;

  constructor(pool: UpstreamPool, call: UpstreamCall) {
    this.pool = pool;
    this.call = call;
    call.carrier = this;
  }

  abandon(): void {
    this.pool.stopWaiting(this);
  }
}

function remove<T>(list: T[], element: T): void {
  const at = list.indexOf(element);
  if (at >= 0) list.splice(at, 1);
}
