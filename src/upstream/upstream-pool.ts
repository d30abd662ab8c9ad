import { messageOf, ProxyError } from "../core/errors.ts";
import type { Deadlines, Expiring } from "../core/timers.ts";
import type { Connection, ConnectionHandler } from "../net/connection.ts";
import type { Dial, Runtime } from "../net/runtime.ts";
import { Http1Client } from "./http1-client.ts";
import type { CallCarrier, UpstreamCall } from "./upstream-call.ts";

/** Traefik's serversTransport, as far as HTTP/1.1 without TLS has it. Times in milliseconds, 0 for none. */
export interface TransportOptions {
  /** Idle connections kept for each server. */
  maxIdleConnsPerHost: number;
  dialTimeout: number;
  /** From the request's last byte to the response head's end. */
  responseHeaderTimeout: number;
  /** How long an idle connection is kept. */
  idleConnTimeout: number;
}

export interface TransportContext {
  readonly connect: Runtime["connect"];
  readonly deadlines: Deadlines;
}

/**
 * Connections to one server (host and port), last used first: the ones that are busy stay warm and
 * the others time out.
 */
export class UpstreamPool {
  readonly hostname: string;
  readonly port: number;
  readonly options: TransportOptions;
  readonly deadlines: Deadlines;
  private readonly connectTo: Runtime["connect"];
  private readonly idle: Http1Client[] = [];
  private closed = false;

  constructor(
    hostname: string,
    port: number,
    options: TransportOptions,
    context: TransportContext,
  ) {
    this.hostname = hostname;
    this.port = port;
    this.options = options;
    this.deadlines = context.deadlines;
    this.connectTo = context.connect;
  }

  get idleCount(): number {
    return this.idle.length;
  }

  /** Sends a call on an idle connection if there is one, else on a new one. */
  send(call: UpstreamCall): void {
    if (!call.fresh) {
      const client = this.idle.pop();
      if (client !== undefined) {
        client.start(call);
        return;
      }
    }
    new PendingDial(this, this.connectTo, call);
  }

  /** Takes back a connection that has nothing on it. False where it isn't wanted: the caller closes it. */
  release(client: Http1Client): boolean {
    if (this.closed || this.idle.length >= this.options.maxIdleConnsPerHost) return false;
    client.deadline = this.deadlines.after(this.options.idleConnTimeout);
    this.idle.push(client);
    return true;
  }

  /** An idle connection has died. */
  forget(client: Http1Client): void {
    const at = this.idle.indexOf(client);
    if (at >= 0) this.idle.splice(at, 1);
  }

  /** Closes idle connections now and busy ones when they are done. The pool still serves stragglers. */
  close(): void {
    this.closed = true;
    for (const client of this.idle.splice(0)) client.closeIdle();
  }
}

/** A connection being made for one call. */
class PendingDial implements Expiring, CallCarrier {
  deadline: number;
  private readonly pool: UpstreamPool;
  private readonly call: UpstreamCall;
  private readonly dial: Dial;

  constructor(pool: UpstreamPool, connect: Runtime["connect"], call: UpstreamCall) {
    this.pool = pool;
    this.call = call;
    call.carrier = this;
    pool.deadlines.add(this);
    this.deadline = pool.deadlines.after(pool.options.dialTimeout);
    this.dial = connect({ hostname: pool.hostname, port: pool.port }, this);
  }

  connected(connection: Connection): ConnectionHandler {
    this.pool.deadlines.remove(this);
    const client = new Http1Client(connection, this.pool);
    client.start(this.call);
    return client;
  }

  failed(error: Error): void {
    this.pool.deadlines.remove(this);
    this.call.fail(
      new ProxyError("connect-failed", "upstream", `${this.address}: ${messageOf(error)}`, {
        retryable: true,
        cause: error,
      }),
    );
  }

  expired(): void {
    this.stop();
    this.call.fail(
      new ProxyError(
        "connect-timeout",
        "upstream",
        `${this.address}: no connection within the dial timeout`,
        {
          retryable: true,
        },
      ),
    );
  }

  abandon(): void {
    this.stop();
  }

  private stop(): void {
    this.pool.deadlines.remove(this);
    this.dial.cancel();
  }

  private get address(): string {
    return `${this.pool.hostname}:${this.pool.port}`;
  }
}
