import type { Runtime } from "../net/runtime.ts";

/**
 * Milliseconds. Ctrl-C goes to every process of the terminal, and `npx` and `bun run` pass on what
 * they hear of it as well, up to half a second later: so much is one wish to stop.
 */
const ONE_WISH = 1000;

/**
 * Resolves on SIGTERM or SIGINT. A further one that comes more than a second later ends the program
 * at once, with exit code 1. What the terminal says when it goes away meanwhile (SIGHUP) ends nothing.
 */
export function stopSignal(runtime: Pick<Runtime, "onSignal" | "exit">): Promise<void> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const stop = () => {
      const now = performance.now();
      if (first !== undefined) {
        if (now - first > ONE_WISH) runtime.exit(1);
        return;
      }
      first = now;
      runtime.onSignal("SIGHUP", () => {});
      resolve();
    };
    runtime.onSignal("SIGTERM", stop);
    runtime.onSignal("SIGINT", stop);
  });
}
