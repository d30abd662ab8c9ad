import type { Logger } from "../../../src/core/logger.ts";

/** A logger that drops everything, but for what `heard` takes. */
export function silentLogger(heard: Partial<Logger> = {}): Logger {
  const logger: Logger = {
    trace() {},
    debug() {},
    info() {},
    warn() {},
    error() {},
    fatal() {},
    enabled: () => false,
    ...heard,
    with: () => logger,
  };
  return logger;
}
