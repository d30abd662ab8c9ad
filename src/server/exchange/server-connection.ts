import type { ProxyError } from "../../core/errors.ts";
import { nowOrInTurns } from "../../core/loop/in-turns.ts";
import { type Expiring, now } from "../../core/timers.ts";
import type { HandshakeOptions } from "../../http/exchange.ts";
import type { Address } from "../../net/connection.ts";
import type { TlsInfo } from "../../net/tls.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";

/** What the connections of all HTTP versions share in the server role. Times in milliseconds of `now()`. */
export abstract class ServerConnection implements Expiring, Drainable {
  /** Never later than the first of the deadlines that `passed` is asked about. */
  deadline = 0;
  readonly entry: HttpEntryPoint;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo | null;
  /** Null without TLS. */
  readonly tlsOptions: HandshakeOptions | null;
  /** Requests so far. */
  protected requests = 0;
  private readonly openedAt = now();

  /** The entrypoint knows the connection from now on, until `leave`. */
  constructor(
    entry: HttpEntryPoint,
    remote: Address,
    local: Address,
    tls: TlsInfo | null,
    tlsOptions: HandshakeOptions | null,
  ) {
    this.entry = entry;
    this.remote = remote;
    this.local = local;
    this.tls = tls;
    this.tlsOptions = tlsOptions;
    entry.deadlines.add(this);
    entry.connections.add(this);
  }

  /** The entrypoint's keepAliveMaxRequests or keepAliveMaxTime is reached: the client is to open a new one. */
  protected get worn(): boolean {
    const { keepAliveMaxRequests, keepAliveMaxTime } = this.entry;
    if (this.requests >= keepAliveMaxRequests) return true;
    return keepAliveMaxTime !== 0 && now() - this.openedAt >= keepAliveMaxTime;
  }

  /** There is something to look at then; 0 for nothing. */
  expectBefore(deadline: number): void {
    if (deadline !== 0 && (this.deadline === 0 || deadline < this.deadline)) {
      this.deadline = deadline;
    }
  }

  /** The deadline that many milliseconds from now, which is kept in mind; 0, none, for 0. */
  protected expectIn(milliseconds: number): number {
    const deadline = this.entry.deadlines.after(milliseconds);
    this.expectBefore(deadline);
    return deadline;
  }

  /** True where that deadline has passed, by the clock of `expired`; one that hasn't is kept in mind. */
  protected passed(deadline: number): boolean {
    if (deadline === 0) return false;
    if (deadline <= this.entry.deadlines.time) return true;
    this.expectBefore(deadline);
    return false;
  }

  /**
   * Ends the exchange of a client that is gone or has given it up. One may end hundreds in one go, each
   * with an upstream's connection: beyond a few the others' requests don't wait for that.
   */
  breakOffExchange(driver: { breakOff(error: ProxyError): void }, error: ProxyError): void {
    nowOrInTurns(() => driver.breakOff(error));
  }

  /** The entrypoint looks after it no more. */
  protected forget(): void {
    this.deadline = 0;
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
  }

  abstract expired(): void;
  abstract drainConnection(): void;
  abstract cutConnection(): void;
}
