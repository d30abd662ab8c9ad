import { Budget } from "../../core/budget.ts";
import { type Expiring, now } from "../../core/timers.ts";
import type { HandshakeOptions } from "../../http/exchange.ts";
import type { Address } from "../../net/connection.ts";
import {
  type Http3Connection,
  type Http3ConnectionHandler,
  Http3Error,
  type Http3Fields,
  type Http3Stream,
  type Http3StreamHandler,
} from "../../net/http3.ts";
import type { TlsInfo } from "../../net/tls.ts";
import { RESETS_REGROWTH } from "../../wire/http2/flow/flood-guard.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import { clientGone, graceTimeOver } from "../exchange/exchange-endings.ts";
import { Http3StreamServer } from "./http3-stream-server.ts";

/** What a client has to acknowledge the last response, in milliseconds, where a connection is to end. */
const LAST_ACKNOWLEDGEMENTS = 2000;

/** An HTTP/3 connection in the server role (RFC 9114): the runtime has the protocol, this its requests. */
export class Http3Server implements Http3ConnectionHandler, Expiring, Drainable {
  deadline: number;
  readonly entry: HttpEntryPoint;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo;
  readonly tlsOptions: HandshakeOptions;
  private readonly connection: Http3Connection;
  private readonly obstacle: (tlsOptions: string) => string | undefined;
  private readonly streams = new Set<Http3StreamServer>();
  private readonly openedAt = now();
  private requests = 0;
  private draining = false;
  /** No request is counted any more. */
  private over = false;
  /** Streams that end before their answer, beyond those that are answered. */
  private readonly resets: Budget;

  /** `obstacle` says why requests by those TLS options can't be served now; undefined where they can. */
  constructor(
    connection: Http3Connection,
    entry: HttpEntryPoint,
    tlsOptions: string,
    obstacle: (tlsOptions: string) => string | undefined,
  ) {
    this.connection = connection;
    this.entry = entry;
    this.remote = connection.remote;
    this.local = connection.local;
    this.tls = connection.tls;
    // What they ask for now is `misdirected`'s to say.
    this.tlsOptions = { name: tlsOptions, inForce: true };
    this.obstacle = obstacle;
    this.resets = new Budget(entry.http2Limits.maxResets, RESETS_REGROWTH);
    this.deadline = entry.deadlines.after(entry.idleTimeout);
    entry.deadlines.add(this);
    entry.connections.add(this);
  }

  /** Why a request is answered 421; undefined where it is served. Asked anew, as a reload may demand more of clients. */
  get misdirected(): string | undefined {
    return this.obstacle(this.tlsOptions.name);
  }

  request(stream: Http3Stream, head: Http3Fields): Http3StreamHandler {
    const server = new Http3StreamServer(this, stream);
    this.streams.add(server);
    this.deadline = 0;
    this.requests++;
    server.begin(head);
    if (this.requests >= this.entry.keepAliveMaxRequests || this.tooOld()) this.drainConnection();
    return server;
  }

  private tooOld(): boolean {
    const { keepAliveMaxTime } = this.entry;
    return keepAliveMaxTime !== 0 && now() - this.openedAt >= keepAliveMaxTime;
  }

  answered(): void {
    this.resets.giveBack(1);
  }

  /** A stream ended before its answer, by its client. As over HTTP/2, so many are an attack: they cost it nothing. */
  unanswered(): void {
    if (this.over) return;
    this.resets.at(now());
    if (this.resets.take()) return;
    this.over = true;
    this.entry.logger.debug("Closed a connection", {
      entryPointName: this.entry.name,
      remote: this.remote.ip,
      reason: "Too many requests ended before their answers",
    });
    this.connection.cut(Http3Error.excessiveLoad);
  }

  streamOver(server: Http3StreamServer): void {
    this.streams.delete(server);
    if (this.streams.size > 0) return;
    // While draining, the last response may still be on its way.
    const patience = this.draining ? LAST_ACKNOWLEDGEMENTS : this.entry.idleTimeout;
    this.deadline = this.entry.deadlines.after(patience);
  }

  closed(): void {
    this.over = true;
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
    const error = clientGone("The client's connection is over");
    for (const stream of [...this.streams]) stream.breakOff(error);
  }

  /** Idle for too long, or for long enough. */
  expired(): void {
    this.connection.cut();
  }

  drainConnection(): void {
    if (this.draining) return;
    this.draining = true;
    // A client that is gone would never let an idle connection end in peace.
    if (this.streams.size === 0) this.connection.cut();
    else this.connection.drain();
  }

  cutConnection(): void {
    this.over = true;
    const error = graceTimeOver();
    for (const stream of [...this.streams]) stream.breakOff(error);
    this.connection.cut();
  }
}
