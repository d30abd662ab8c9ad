import type { HandshakeOptions } from "../../http/exchange.ts";
import type { Address } from "../../net/connection.ts";
import type { TlsInfo } from "../../net/tls.ts";
import type { ResponseWire } from "./response-wire.ts";
import type { ServerConnection } from "./server-connection.ts";

/**
 * What an exchange has of its connection: what handlers may see of it, and the time limits. One limit
 * is for the present step, the other for a client that takes no more of the response: neither puts the
 * other off. Both are numbers that the connection looks at when the first of them is due.
 */
export abstract class ExchangeLimits {
  protected readonly connection: ServerConnection;
  protected readonly wire: ResponseWire;
  /** For the request's end, the response, or the client's last chance to read one; 0 for none. */
  private stepDeadline = 0;
  /** For a client that takes no more of the response; 0 for none. */
  private stallDeadline = 0;
  /** The present step is the last: nothing puts it off. */
  private isLast = false;

  constructor(connection: ServerConnection, wire: ResponseWire) {
    this.connection = connection;
    this.wire = wire;
  }

  // --- what handlers may see of the connection ---

  get protocol(): string {
    return this.wire.protocol;
  }

  get entryPoint(): string {
    return this.connection.entry.name;
  }

  get remote(): Address {
    return this.connection.remote;
  }

  get local(): Address {
    return this.connection.local;
  }

  get tls(): TlsInfo | null {
    return this.connection.tls;
  }

  get tlsOptions(): HandshakeOptions | null {
    return this.connection.tlsOptions;
  }

  // --- time limits ---

  /** When to look at this exchange again, in milliseconds of `now()`; 0 for never. */
  get due(): number {
    const { stepDeadline, stallDeadline } = this;
    if (stepDeadline === 0 || stallDeadline === 0) return stepDeadline + stallDeadline;
    return Math.min(stepDeadline, stallDeadline);
  }

  /** The first step ends then, at a time in milliseconds of `now()`; 0 for no end. */
  protected expectBy(deadline: number): void {
    this.isLast = false;
    this.stepDeadline = deadline;
    this.connection.expectBefore(deadline);
  }

  /** The next step has so many milliseconds, 0 for no end, instead of what this one had left. */
  expectNext(milliseconds: number): void {
    if (this.isLast) return;
    this.stepDeadline = this.connection.entry.deadlines.after(milliseconds);
    this.connection.expectBefore(this.stepDeadline);
  }

  /** The last step has so many milliseconds. */
  protected expectLast(milliseconds: number): void {
    this.isLast = false;
    this.expectNext(milliseconds);
    this.isLast = true;
  }

  protected expectNothing(): void {
    this.isLast = false;
    this.stepDeadline = 0;
    this.stallDeadline = 0;
  }

  /** The client has the idleTimeout to take more. */
  protected stalled(): void {
    if (this.stallDeadline !== 0) return;
    this.stallDeadline = this.connection.entry.deadlines.after(this.connection.entry.idleTimeout);
    this.connection.expectBefore(this.stallDeadline);
  }

  /** The client has taken some of the response. */
  moved(): void {
    this.stallDeadline = 0;
  }
}
