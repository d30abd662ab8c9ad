import type { HttpMiddlewareContext } from "../http-middleware.ts";
import { type PasswordQuestion, passwordFits } from "./password-hash.ts";

/** The task in `WORKER_TASKS` that answers a PasswordQuestion. */
export const PASSWORD_TASK = "check-password";

/** Questions that wait for the one under way. At 100 ms each, a client would wait for 25 s. */
const MOST_WAITING = 256;

interface Waiting {
  readonly question: PasswordQuestion;
  readonly wanted: () => boolean;
  resolve(fits: boolean | null): void;
  reject(error: unknown): void;
}

/**
 * Checks passwords one after the other, away from the event loop where there is another thread. Guesses
 * without end take no more than that thread, and what asks too much is turned away.
 */
export class PasswordChecks {
  private readonly waiting: Waiting[] = [];
  private readonly inWorker: HttpMiddlewareContext["inWorker"];
  private busy = false;

  constructor(inWorker: HttpMiddlewareContext["inWorker"]) {
    this.inWorker = inWorker;
  }

  /** Null where too many wait, or where it isn't `wanted` any more when its turn comes. */
  fits(question: PasswordQuestion, wanted: () => boolean): Promise<boolean | null> {
    if (this.waiting.length >= MOST_WAITING) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, wanted, resolve, reject });
      if (!this.busy) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.busy = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const { question, wanted, resolve, reject } = next;
      if (!wanted()) {
        resolve(null);
        continue;
      }
      try {
        resolve(
          this.inWorker === undefined
            ? await passwordFits(question)
            : ((await this.inWorker(PASSWORD_TASK, question)) as boolean),
        );
      } catch (error) {
        reject(error);
      }
    }
    this.busy = false;
  }
}
