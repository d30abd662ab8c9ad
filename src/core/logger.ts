/** Traefik's levels, least severe first. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "panic"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Values beside a message. Errors are logged as their messages, `undefined` not at all. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** What ends the process; ending it is the caller's part. */
  fatal(message: string, fields?: LogFields): void;
  /** A logger that puts these fields before those of every call. */
  with(fields: LogFields): Logger;
  /** False where a message of that level would be dropped: for messages that are dear to make. */
  enabled(level: LogLevel): boolean;
}
