import { messageOf } from "../core/errors.ts";
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "../core/logger.ts";

export type PostLog = (level: LogLevel, message: string, fields: LogFields) => void;

/** A worker's log: it goes to the thread that writes for all, as plain data. */
export class PostingLogger implements Logger {
  private readonly post: PostLog;
  private readonly threshold: number;
  private readonly fields: LogFields;

  /** `level` is the least severe one that is posted. */
  constructor(post: PostLog, level: LogLevel, fields: LogFields = {}) {
    this.post = post;
    this.threshold = LOG_LEVELS.indexOf(level);
    this.fields = fields;
  }

  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.threshold;
  }

  with(fields: LogFields): Logger {
    return new PostingLogger(this.post, LOG_LEVELS[this.threshold], { ...this.fields, ...fields });
  }

  trace(message: string, fields?: LogFields): void {
    this.log("trace", message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.log("debug", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.log("info", message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.log("warn", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.log("error", message, fields);
  }
  fatal(message: string, fields?: LogFields): void {
    this.log("fatal", message, fields);
  }

  private log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.enabled(level)) return;
    const plain: Record<string, unknown> = {};
    for (const [name, value] of Object.entries({ ...this.fields, ...fields }))
      plain[name] = plainValue(value);
    this.post(level, message, plain);
  }
}

/** What another thread can be sent; an Error is its message, as in every log. */
function plainValue(value: unknown): unknown {
  if (value instanceof Error) return messageOf(value);
  return typeof value === "object" || typeof value === "function" ? String(value) : value;
}
