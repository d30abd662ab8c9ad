import { messageOf } from "../core/errors.ts";
import type { LogFields, Logger, LogLevel } from "../core/logger.ts";
import type { ApplyReport } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";

/** A configuration that began to serve. Times are milliseconds since the epoch. */
export interface ReloadEvent {
  readonly at: number;
  readonly version: number;
  readonly routers: number;
  readonly services: number;
  readonly middlewares: number;
  /** Elements with errors. */
  readonly disabled: number;
}

/** A server that health checks found to be down, or up again. */
export interface HealthEvent extends HealthVerdict {
  readonly at: number;
}

/** A line of the log at the level of warnings or above. */
export interface LogEvent {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** So many of each kind are kept, the newest. */
const KEPT = 100;
/** Characters of a text. */
const LONGEST = 500;

/** What happened lately, for people who look at it. Newest first. */
export class Events {
  readonly reloads: ReloadEvent[] = [];
  readonly health: HealthEvent[] = [];
  readonly errors: LogEvent[] = [];
  private readonly now: () => number;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  reloaded({ version, routers, services, middlewares, disabled }: ApplyReport): void {
    keep(this.reloads, {
      at: this.now(),
      version,
      routers,
      services,
      middlewares,
      disabled: disabled.length,
    });
  }

  checked({ kind, service, server, up }: HealthVerdict): void {
    const last = this.health.find(
      (one) => one.kind === kind && one.service === service && one.server === server,
    );
    // A server counts as up until it is found down.
    if ((last?.up ?? true) !== up) keep(this.health, { at: this.now(), kind, service, server, up });
  }

  logged(level: LogLevel, message: string, fields: LogFields): void {
    const texts = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, textOf(value)]);
    keep(this.errors, {
      at: this.now(),
      level,
      message: message.slice(0, LONGEST),
      fields: Object.fromEntries(texts),
    });
  }
}

function keep<T>(events: T[], event: T): void {
  events.unshift(event);
  if (events.length > KEPT) events.pop();
}

function textOf(value: unknown): string {
  const text =
    typeof value === "object" && value !== null && !(value instanceof Error)
      ? JSON.stringify(value)
      : value instanceof Error
        ? messageOf(value)
        : String(value);
  return text.slice(0, LONGEST);
}

/** A logger that notes warnings and what is worse among the events, whatever the level of the log. */
export function notingLogger(logger: Logger, events: Events, own: LogFields = {}): Logger {
  const note = (level: "warn" | "error" | "fatal") => (message: string, fields?: LogFields) => {
    events.logged(level, message, { ...own, ...fields });
    logger[level](message, fields);
  };
  return {
    trace: (message, fields) => logger.trace(message, fields),
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: note("warn"),
    error: note("error"),
    fatal: note("fatal"),
    with: (fields) => notingLogger(logger.with(fields), events, { ...own, ...fields }),
    enabled: (level) => logger.enabled(level),
  };
}
