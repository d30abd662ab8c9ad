import { Budget } from "../../core/budget.ts";
import { now } from "../../core/timers.ts";
import {
  type Http3ConnectionHandler,
  Http3Error,
  type Http3Fields,
  type Http3Stream,
  type Http3StreamHandler,
  type Http3Connection as NativeConnection,
} from "../../net/http3.ts";
import { RESETS_REGROWTH } from "../../wire/http2/flow/flood-guard.ts";
import type { HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import { clientGone, DRAIN_MOMENT, graceTimeOver } from "../exchange/exchange-endings.ts";
import { ServerConnection } from "../exchange/server-connection.ts";
import { Http3RequestReader } from "./http3-request-reader.ts";
import { Http3Wire } from "./http3-wire.ts";

/** What a client has to acknowledge the last response, in milliseconds, where a connection is to end. */
const LAST_ACKNOWLEDGEMENTS = 2000;

/** An HTTP/3 connection in the server role (RFC 9114): the runtime has the protocol, this its requests. */
export class Http3Connection extends ServerConnection implements Http3ConnectionHandler {
  private readonly connection: NativeConnection;
  private readonly streams = new Set<Http3Wire>();
  private draining = false;
  /** No request is counted any more. */
  private over = false;
  /** Streams that end before their answer, beyond those that are answered. */
  private readonly resets: Budget;
  /** For a connection without requests; 0 while there are some. */
  private idleDeadline: number;

  /** `obstacle` says why requests by those TLS options can't be served now; undefined where they can. */
  constructor(
    connection: NativeConnection,
    entry: HttpEntryPoint,
    tlsOptions: string,
    obstacle: (tlsOptions: string) => string | undefined,
  ) {
    const options = {
      name: tlsOptions,
      // Asked anew for each request, as a reload may demand more of clients.
      get inForce() {
        return obstacle(tlsOptions) === undefined;
      },
    };
    super(entry, connection.remote, connection.local, connection.tls, options);
    this.connection = connection;
    this.resets = new Budget(entry.http2Limits.maxResets, RESETS_REGROWTH);
    this.idleDeadline = this.expectIn(entry.idleTimeout);
  }

  request(stream: Http3Stream, head: Http3Fields): Http3StreamHandler {
    const wire = new Http3Wire(this, stream);
    const reader = new Http3RequestReader(this, stream, wire);
    this.streams.add(wire);
    this.idleDeadline = 0;
    this.requests++;
    reader.begin(head, this.entry.deadlines.after(this.entry.readTimeout));
    if (this.draining) this.connection.drain();
    else if (this.worn) this.drainConnection();
    return reader;
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

  streamOver(wire: Http3Wire): void {
    this.streams.delete(wire);
    if (this.streams.size > 0) return;
    // While draining, the last response may still be on its way.
    this.idleDeadline = this.expectIn(
      this.draining ? LAST_ACKNOWLEDGEMENTS : this.entry.idleTimeout,
    );
  }

  closed(): void {
    this.over = true;
    this.forget();
    const error = clientGone("The client's connection is over");
    for (const { driver } of [...this.streams]) this.breakOffExchange(driver, error);
  }

  expired(): void {
    // Idle for too long, or for long enough.
    if (this.streams.size === 0 && this.passed(this.idleDeadline)) {
      this.connection.cut();
      return;
    }
    for (const { driver } of [...this.streams]) {
      if (this.passed(driver.due)) driver.expired();
    }
  }

  /** An idle connection stays for a request that is on its way, which is its last. */
  drainConnection(): void {
    if (this.draining) return;
    this.draining = true;
    if (this.streams.size === 0) this.idleDeadline = this.expectIn(DRAIN_MOMENT);
    else this.connection.drain();
  }

  cutConnection(): void {
    this.over = true;
    for (const { driver } of [...this.streams]) driver.breakOff(graceTimeOver());
    this.connection.cut();
  }
}
