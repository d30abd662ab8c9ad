import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Stop } from "../net/runtime.ts";

export interface WatchLoopOptions {
  readonly logger: Logger;
  /** What is watched, for messages: "the Docker engine at unix:///var/run/docker.sock". */
  readonly source: string;
  /**
   * One connection's life: emits what there is, calls `ready`, and goes on emitting. Rejects when the
   * connection fails, or when `signal` fires; resolves where there is nothing more to watch.
   */
  session(signal: AbortSignal, ready: () => void): Promise<void>;
}

/** Milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/**
 * Keeps a source watched: a session that fails is followed by another one, after a wait that doubles
 * up to 15 s and has some chance in it, so that many routers don't come back at once. What the last
 * session emitted stays meanwhile. Resolves when the first session is ready or has failed: a source
 * that is away keeps nothing else from starting.
 */
export async function watchLoop({ logger, source, session }: WatchLoopOptions): Promise<Stop> {
  const controller = new AbortController();
  const { signal } = controller;
  let wake: () => void = () => {};
  const first = Promise.withResolvers<void>();
  const run = async () => {
    let wait = FIRST_WAIT;
    let away = false;
    while (!signal.aborted) {
      try {
        await session(signal, () => {
          if (away) logger.info(`Connected again to ${source}`);
          away = false;
          wait = FIRST_WAIT;
          first.resolve();
        });
        return;
      } catch (error) {
        if (signal.aborted) return;
        const pause = Math.round(wait * (0.75 + Math.random() / 2));
        const fields = { error: messageOf(error), retryIn: `${pause}ms` };
        if (away) logger.debug(`Still no connection to ${source}`, fields);
        else logger.error(`Lost, or did not get, the connection to ${source}`, fields);
        away = true;
        first.resolve();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pause);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wait = Math.min(wait * 2, LONGEST_WAIT);
      }
    }
  };
  void run().finally(first.resolve);
  await first.promise;
  return () => {
    controller.abort();
    wake();
  };
}
