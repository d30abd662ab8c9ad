import { AcmeError } from "../protocol/acme-error.ts";
import type { OrderFailure } from "../storage/stored.ts";
import { AuthorityPace } from "./authority-pace.ts";
import { type Backoff, nextTry } from "./backoff.ts";

/** An order that is to be made, is being made, or has failed and is to be made again. */
export interface PendingOrder {
  readonly key: string;
  readonly names: readonly string[];
  /** When to try, in milliseconds since the epoch. */
  due: number;
  tries: number;
  running: boolean;
  /** False for one that was taken back while it was under way: it isn't tried again. */
  wanted: boolean;
  /** Why it failed last. */
  error: string | undefined;
  /** What kind of error it was: see `OrderFailure`. */
  errorType: string | undefined;
  failedAt: number | undefined;
  /** A client asked for it: it isn't tried again before one does. */
  readonly demanded: boolean;
}

export interface OrdersOptions {
  /** Makes an order. Rejects where it fails. */
  readonly carryOut: (order: PendingOrder) => Promise<void>;
  /** Whether this process may order at all. */
  readonly mayRun: () => boolean;
  readonly backoff: Backoff;
  /** One has succeeded that had failed before. */
  readonly recovered?: () => void;
  /** One has failed, and is tried again by then. */
  readonly failed: (order: PendingOrder, error: unknown) => void;
}

/** The longest time between two looks, in milliseconds: clocks are set. */
const LONGEST_LOOK = 600_000;

/** Orders of one resolver: some side by side, each again after it failed. */
export class Orders {
  /** Since the start. */
  succeeded = 0;
  failed = 0;
  private readonly options: OrdersOptions;
  private readonly pace = new AuthorityPace();
  private readonly pending = new Map<string, PendingOrder>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = 0;
  private stopped = false;

  constructor(options: OrdersOptions) {
    this.options = options;
  }

  /** Orders that are to be made or under way. */
  get all(): readonly PendingOrder[] {
    return [...this.pending.values()];
  }

  get(key: string): PendingOrder | undefined {
    return this.pending.get(key);
  }

  /** Adds an order for now; one with that key that is there already stays as it is. */
  add(key: string, names: readonly string[], demanded?: { readonly tries: number }): void {
    const known = this.pending.get(key);
    if (known !== undefined) {
      known.wanted = true;
      return;
    }
    this.pending.set(key, {
      key,
      names,
      due: Date.now(),
      tries: demanded?.tries ?? 0,
      running: false,
      wanted: true,
      error: undefined,
      errorType: undefined,
      failedAt: undefined,
      demanded: demanded !== undefined,
    });
    this.look();
  }

  /** Takes back those that aren't wanted any more; what is under way goes on. */
  keep(wanted: (order: PendingOrder) => boolean): void {
    for (const order of this.pending.values()) {
      order.wanted = order.demanded || wanted(order);
      if (!order.wanted && !order.running) this.pending.delete(order.key);
    }
  }

  /** Starts what is due, and sees to it that what is due later starts then. */
  look(): void {
    clearTimeout(this.timer);
    if (this.stopped || !this.options.mayRun()) return;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const order of [...this.pending.values()].sort((a, b) => a.due - b.due)) {
      if (order.running) continue;
      order.due = Math.max(order.due, this.pace.heldUntil);
      if (order.due > now) next = Math.min(next, order.due);
      else if (this.running < this.pace.atOnce) void this.run(order);
    }
    if (next < Number.POSITIVE_INFINITY) {
      this.timer = setTimeout(() => this.look(), Math.min(next - now, LONGEST_LOOK) + 1);
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async run(order: PendingOrder): Promise<void> {
    const { carryOut, backoff, failed } = this.options;
    order.running = true;
    this.running++;
    try {
      await carryOut(order);
      this.succeeded++;
      this.pace.succeeded();
      this.pending.delete(order.key);
      if (order.error !== undefined) this.options.recovered?.();
    } catch (error) {
      order.tries++;
      this.failed++;
      order.failedAt = Date.now();
      this.pace.failed(error);
      order.due = Math.max(this.pace.heldUntil, nextTry(error, order.tries, backoff));
      order.error = error instanceof Error ? error.message : String(error);
      order.errorType = typeOf(error);
      if (!order.wanted || order.demanded) this.pending.delete(order.key);
      if (!this.stopped) failed(order, error);
    } finally {
      order.running = false;
      this.running--;
      this.look();
    }
  }
}

/** An answer without a body, to HEAD, says it by its status alone. */
function typeOf(error: unknown): string {
  if (!(error instanceof AcmeError)) return "other";
  return error.type || (error.status === 429 ? "rateLimited" : "other");
}

/** Why an order failed last; undefined where it has not failed. */
export function failureOf(order: PendingOrder | undefined): OrderFailure | undefined {
  if (order?.error === undefined || order.failedAt === undefined) return undefined;
  const { names, error, errorType: type = "other", failedAt, due, tries } = order;
  const failure = { names, error, type, at: failedAt, nextTry: due, tries };
  return order.demanded ? { ...failure, demanded: true } : failure;
}
