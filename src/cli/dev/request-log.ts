import { now } from "../../core/timers.ts";
import { finalStatus } from "../../telemetry/final-status.ts";
import type { Observer } from "../../telemetry/observer.ts";

/** A line for each request when it has ended: "GET /path 200 3 ms". */
export function requestLog(print: (text: string) => void, colored: boolean): Observer {
  return {
    entryPoint: () => (next) => (request, exchange) => {
      exchange.onFinish(({ method, target, startedAt }) => {
        const status = finalStatus(exchange);
        const shown = colored ? `\x1b[${colorOf(status)}m${status}\x1b[0m` : String(status);
        print(`${method} ${target} ${shown} ${Math.round(now() - startedAt)} ms\n`);
      });
      return next(request, exchange);
    },
  };
}

function colorOf(status: number): number {
  if (status >= 500) return 31;
  if (status >= 400) return 33;
  return status >= 300 ? 36 : 32;
}
