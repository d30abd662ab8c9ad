import { ProxyError } from "../../core/errors.ts";
import { now } from "../../core/timers.ts";
import { type Handler, whenSettled } from "../../http/handler.ts";

/** `loadBalancer.passiveHealthCheck`. */
export interface PassiveHealthOptions {
  /** Milliseconds in which the failures must fall, and for which a server stays down; 10 s by default. */
  readonly failureWindow?: number;
  /** So many failures in a row and in the window take a server down; 1 by default. */
  readonly maxFailedAttempts?: number;
}

/**
 * Watches the answers of one server: from `maxFailedAttempts` failures in a row within the window it
 * is down. A failure is a status of 500 and above, or no answer; a client that goes away is none.
 * The server is up again when the window has passed, or, where there are active checks too
 * (`recovers` false), when one of those succeeds.
 * Source: Traefik's pkg/healthcheck/healthcheck.go (PassiveServiceHealthChecker).
 */
export class PassiveHealth {
  readonly handler: Handler;
  private readonly window: number;
  private readonly max: number;
  private readonly recovers: boolean;
  private readonly report: (up: boolean) => void;
  /** When the latest failures in a row came, oldest first; no more of them than count. */
  private readonly failures: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    next: Handler,
    options: PassiveHealthOptions,
    recovers: boolean,
    report: (up: boolean) => void,
  ) {
    const { failureWindow = 10_000, maxFailedAttempts = 1 } = options;
    this.window = failureWindow;
    this.max = Math.max(1, maxFailedAttempts);
    this.recovers = recovers;
    this.report = report;
    const answered = (response: Response): Response => {
      if (response.status >= 500) this.failed();
      else this.failures.length = 0;
      return response;
    };
    const threw = (error: unknown): never => {
      if (!(error instanceof ProxyError && error.source === "downstream")) this.failed();
      throw error;
    };
    this.handler = (request, exchange) => {
      return whenSettled(next(request, exchange), exchange, answered, threw);
    };
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private failed(): void {
    const { failures, max } = this;
    const time = now();
    failures.push(time);
    if (failures.length > max) failures.shift();
    if (failures.length < max || failures[0] <= time - this.window) return;
    // While the timer runs the server is down already.
    if (this.timer !== undefined) return;
    this.report(false);
    if (!this.recovers) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.report(true);
    }, this.window);
  }
}
