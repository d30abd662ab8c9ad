import type { Exchange } from "./exchange.ts";

type Outcome = Response | Promise<Response>;
export type ResponseStep = (response: Response, exchange: Exchange) => Outcome;
export type ErrorStep = (error: unknown, exchange: Exchange) => Outcome;

const State = { pending: 0, running: 1, settled: 2 } as const;

/** Gets what became of a response that was waited for: one call of either method. */
export interface ResponseReceiver {
  responseReady(response: Response): void;
  responseFailed(error: unknown): void;
}

/**
 * A response that will be there later. It is a promise to code that takes it for one (`instanceof`
 * holds; `await`, `then`, `catch` and `finally` work, as often as they are used), but the links of the
 * chain that know it add their steps to it instead of making promises of their own: what a proxied
 * request passes through costs no microtask. Its maker settles it once, with `resolve` or `reject`.
 */
export class PendingResponse {
  protected exchange: Exchange;
  // Steps in pairs: for a response, for an error.
  private readonly steps: (ResponseStep | ErrorStep | null)[] = [];
  private next = 0;
  private state: number = State.pending;
  private response: Response | null = null;
  private error: unknown = null;
  private receiver: ResponseReceiver | null = null;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /** It has been received, and nothing refers to it any more: it becomes another exchange's. False where it was not. */
  protected renew(exchange: Exchange): boolean {
    if (this.state !== State.settled || this.receiver !== null) return false;
    this.exchange = exchange;
    this.steps.length = 0;
    this.next = 0;
    this.state = State.pending;
    this.response = null;
    this.error = null;
    return true;
  }

  /** Adds what is to be done with the response, or with the error, behind the steps so far. Returns this. */
  chain(onResponse: ResponseStep | null, onError: ErrorStep | null): this {
    this.steps.push(onResponse, onError);
    if (this.state === State.settled) this.run();
    return this;
  }

  /** Says who gets the outcome behind all steps, at once where it is there already. There is one receiver: the exchange's driver. */
  deliverTo(receiver: ResponseReceiver): void {
    this.receiver = receiver;
    if (this.state === State.settled) this.handOver(receiver);
  }

  protected resolve(response: Response): void {
    this.response = response;
    this.run();
  }

  protected reject(error: unknown): void {
    this.error = error;
    this.run();
  }

  private run(): void {
    this.state = State.running;
    const { steps, exchange } = this;
    while (this.next < steps.length) {
      const { response } = this;
      const step = steps[response === null ? this.next + 1 : this.next];
      this.next += 2;
      if (step === null) continue;
      try {
        const result =
          response === null
            ? (step as ErrorStep)(this.error, exchange)
            : (step as ResponseStep)(response, exchange);
        if (result instanceof Promise) {
          this.await(result);
          return;
        }
        this.response = result;
      } catch (error) {
        this.response = null;
        this.error = error;
      }
    }
    this.state = State.settled;
    if (this.receiver !== null) this.handOver(this.receiver);
  }

  // A method of its own: a function that has a closure in it makes a scope for it at each call.
  private await(result: Promise<Response>): void {
    this.exchange.retain();
    this.response = null;
    result.then(
      (later) => this.resolve(later),
      (error: unknown) => this.reject(error),
    );
  }

  private handOver(receiver: ResponseReceiver): void {
    this.receiver = null;
    if (this.response !== null) receiver.responseReady(this.response);
    else receiver.responseFailed(this.error);
  }

  // --- the promise it passes for ---

  // biome-ignore lint/suspicious/noThenProperty: it is a thenable on purpose.
  then<A = Response, B = never>(
    onResponse?: ((response: Response) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.outcome().then(onResponse, onError);
  }

  catch<B = never>(
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<Response | B> {
    return this.then(null, onError);
  }

  finally(callback?: (() => void) | null): Promise<Response> {
    return this.outcome().finally(callback);
  }

  /** What it is behind the steps so far: a step of its own, so that others see the same. */
  private outcome(): Promise<Response> {
    this.exchange.retain();
    return new Promise((resolve, reject) => {
      this.chain(
        (response) => {
          resolve(response);
          return response;
        },
        (error) => {
          reject(error);
          throw error;
        },
      );
    });
  }
}

Object.setPrototypeOf(PendingResponse.prototype, Promise.prototype);
