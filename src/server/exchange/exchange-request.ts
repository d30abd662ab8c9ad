import { Body, type BodySource } from "../../http/body.ts";
import { type Downstream, Exchange } from "../../http/exchange.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { ExchangeLimits } from "./exchange-limits.ts";

/** How far an exchange has come. */
export const Phase = {
  /** There is no request. */
  idle: 0,
  /** The head is there; no handler has it yet. */
  arrived: 1,
  /** A handler has the request. */
  handling: 2,
  /** The response is on its way. */
  responding: 3,
  /** The response was handed over, whole. */
  sent: 4,
  /** It ended without a whole response. */
  over: 5,
} as const;

/** The request's half of an exchange: what the connection receives, and what the body's reader asks for. */
export abstract class ExchangeRequest extends ExchangeLimits implements Downstream, BodySource {
  /** The request isn't complete. */
  receiving = false;
  protected phase: number = Phase.idle;
  protected exchange: Exchange | null = null;
  /** The request's body while it is being received for a reader. */
  protected requestBody: Body | null = null;
  private bodyPaused = false;
  protected continueOwed = false;

  informational(status: number, headers: HeaderList): void {
    // The client can do without: for one that doesn't read they would pile up.
    if (this.phase !== Phase.handling || this.wire.backlogged) return;
    this.wire.interim(status, headers);
  }

  // --- as the connection receives it ---

  /** A request is there whose response isn't on its way to the client as a whole. */
  get underWay(): boolean {
    return this.phase >= Phase.arrived && this.phase <= Phase.responding;
  }

  /** A head has arrived. `deadline` is the readTimeout's end. */
  begin(method: string, target: string, deadline: number): void {
    this.phase = Phase.arrived;
    this.receiving = true;
    const exchange = Exchange.begin(this);
    exchange.method = method;
    exchange.target = target;
    this.exchange = exchange;
    this.expectBy(deadline);
  }

  /** There is a body, of that length or of -1, an open one. */
  bodyFollows(length: number): void {
    this.requestBody = new Body(this, length);
  }

  /** The request's body, while it is received for a reader. */
  get incoming(): Body | null {
    return this.requestBody;
  }

  requestData(bytes: Uint8Array, start: number, end: number): void {
    if (this.exchange !== null) this.exchange.requestBytes += end - start;
    this.requestBody?.push(bytes, start, end);
  }

  /** The request is complete. */
  requestEnd(trailers: HeaderList | null): void {
    this.receiving = false;
    this.continueOwed = false;
    if (!this.underWay) return;
    const body = this.requestBody;
    this.expectNext(this.connection.entry.writeTimeout);
    // The end of a body may arrive with the bytes that made its reader ask for a pause.
    if (this.bodyPaused) this.resumeBody();
    if (body === null) return;
    if (this.phase !== Phase.arrived) this.requestBody = null;
    body.finish(trailers);
  }

  // --- the body, as its reader asks for it ---

  startBody(): void {
    if (!this.continueOwed || this.phase !== Phase.handling) return;
    this.continueOwed = false;
    this.wire.interim(100, null);
  }

  pauseBody(): void {
    this.bodyPaused = true;
    this.wire.pauseRequest();
  }

  resumeBody(): void {
    if (!this.bodyPaused) return;
    this.bodyPaused = false;
    this.wire.resumeRequest();
  }

  /** What still comes is dropped. */
  cancelBody(): void {
    this.requestBody = null;
    this.resumeBody();
  }
}
