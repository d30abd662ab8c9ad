import { now } from "../../core/timers.ts";
import type { Exchange } from "../../http/exchange.ts";
import { portColon, withoutBrackets } from "../../net/host-port.ts";
import { finalStatus } from "../final-status.ts";

/** What the access log's formats write of one exchange. One record is used again and again. */
export class AccessLogRecord {
  exchange!: Exchange;
  /** Milliseconds since the epoch at which the request came; wall clock. */
  startedAt = 0;
  /** Milliseconds from there to the end of the response. */
  duration = 0;
  status = 0;
  // The wall clock's lead over `now()`. It is looked at once a second: one clock a line is enough.
  private lead = 0;
  private leadUntil = 0;

  /** Reads the clock: the exchange ends now. */
  set(exchange: Exchange): void {
    const end = now();
    if (end >= this.leadUntil) {
      this.lead = Date.now() - end;
      this.leadUntil = end + 1000;
    }
    this.exchange = exchange;
    this.duration = Math.max(0, end - exchange.startedAt);
    this.startedAt = end + this.lead - this.duration;
    this.status = finalStatus(exchange);
  }
}

/** The request's path and, where they are kept, its query parameters. */
export function loggedTarget(exchange: Exchange, queryParameters: boolean): string {
  const target = exchange.normalTarget === "" ? exchange.target : exchange.normalTarget;
  if (queryParameters) return target;
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

/** Host and port as Go's net.SplitHostPort has them, or the whole text and "-". */
export function splitHostPort(text: string): [host: string, port: string] {
  const colon = portColon(text);
  if (colon < 0) return [text, "-"];
  const host = withoutBrackets(text.slice(0, colon));
  return /[[\]]/.test(host) ? [text, "-"] : [host, text.slice(colon + 1)];
}
