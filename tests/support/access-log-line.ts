import { now } from "../../src/core/timers.ts";
import { Exchange } from "../../src/http/exchange.ts";
import type { Middleware } from "../../src/http/handler.ts";
import { DEFAULT_OBSERVABILITY } from "../../src/http/observability.ts";
import { AccessLog, accessLogObserver } from "../../src/telemetry/access-log/access-log.ts";
import type { AccessLogOptions } from "../../src/telemetry/access-log/access-log-fields.ts";
import { type MadeRequest, makeRequest } from "./http/make-request.ts";
import { MemoryFile } from "./memory-file.ts";

export interface Logged extends MadeRequest {
  /** Milliseconds that the exchange took. */
  took?: number;
  /** What was noted on the way. */
  note?: Partial<Exchange>;
}

/** The log's link around a route that is logged. */
export function accessLogLink(log: AccessLog): Middleware {
  return accessLogObserver(log, false).entryPoint!({
    entryPoint: "web",
    observability: DEFAULT_OBSERVABILITY,
    internal: false,
  })!;
}

/** Has one exchange logged and returns the text. */
export async function line(options: AccessLogOptions, logged: Logged = {}): Promise<string> {
  const file = new MemoryFile();
  const log = new AccessLog(options, file);
  const made = makeRequest(logged);
  const exchange = new Exchange(made.exchange.downstream, now() - (logged.took ?? 0));
  Object.assign(exchange, {
    method: made.exchange.method,
    target: made.exchange.target,
    host: made.exchange.host,
    status: 200,
    responseBytes: 1234,
    ...logged.note,
  });
  accessLogLink(log)(() => new Response())(made.request, exchange);
  exchange.finish();
  await log.close();
  return file.text();
}
