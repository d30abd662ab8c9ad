import type { LogFields, Logger, LogLevel } from "../core/logger.ts";
import type { AppendFile } from "../net/runtime.ts";
import type { RootLogger } from "../telemetry/logger.ts";

/** A log that keeps what is wrong as lines for a person: warnings and errors, and what they are about. */
export class ProblemLog implements RootLogger {
  readonly lines: string[] = [];

  trace(): void {}
  debug(): void {}
  info(): void {}

  warn(message: string, fields?: LogFields): void {
    this.error(message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    const { error, ...about } = fields;
    const names = Object.entries(about).map(([name, value]) => `${inWords(name)} ${String(value)}`);
    const cause = error === undefined ? "" : `: ${String(error)}`;
    // An issue of a file says itself where it stands.
    const where = names.length === 0 || isLocated(message) ? "" : ` (${names.join(", ")})`;
    this.lines.push(`${message}${cause}${where}`);
  }

  fatal(message: string, fields?: LogFields): void {
    this.error(message, fields);
  }

  with(): Logger {
    return this;
  }

  enabled(level: LogLevel): boolean {
    return level !== "trace" && level !== "debug" && level !== "info";
  }

  reopen(file: AppendFile): AppendFile {
    return file;
  }
}

/** "tcpRouterName" is the name of a TCP router. */
function inWords(field: string): string {
  const kind = field.replace(/Name$/, "");
  return kind.replace(
    /^(tcp|udp|tls)([A-Z])/,
    (_, plane: string, initial: string) => `${plane.toUpperCase()} ${initial.toLowerCase()}`,
  );
}

/** True for "file:line:column: ...". */
function isLocated(message: string): boolean {
  return /^[^\n]*?:\d+:\d+: /.test(message);
}
