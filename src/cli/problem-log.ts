import type { LogFields, Logger, LogLevel } from "../core/logger.ts";
import type { AppendFile } from "../net/runtime.ts";
import type { RootLogger } from "../telemetry/logger.ts";

/** Something that the log would say. */
export interface Problem {
  readonly level: "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps what is wrong for a person: warnings and errors, and what they are about. */
export class ProblemLog implements RootLogger {
  readonly problems: Problem[] = [];

  get lines(): string[] {
    return this.problems.map(problemLine);
  }

  trace(): void {}
  debug(): void {}
  info(): void {}

  warn(message: string, fields: LogFields = {}): void {
    this.problems.push({ level: "warn", message, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.problems.push({ level: "error", message, fields });
  }

  fatal(message: string, fields?: LogFields): void {
    this.error(message, fields);
  }

  /** What is wrong stays here. */
  forward(): void {}

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

/** A problem as one line: what it is about stands behind it in parentheses, unless it says its place itself. */
export function problemLine({ message, fields }: Problem): string {
  const { error, ...about } = fields;
  const names = Object.entries(about).map(([name, value]) => `${inWords(name)} ${String(value)}`);
  const cause = error === undefined ? "" : `: ${String(error)}`;
  const where =
    names.length === 0 || placeOf(message) !== undefined ? "" : ` (${names.join(", ")})`;
  return `${message}${cause}${where}`;
}

/** "tcpRouterName" is the name of a TCP router. */
function inWords(field: string): string {
  const kind = field.replace(/Name$/, "");
  return kind.replace(
    /^(tcp|udp|tls)([A-Z])/,
    (_, plane: string, initial: string) => `${plane.toUpperCase()} ${initial.toLowerCase()}`,
  );
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The place that a line begins with, "file:line:column: ..."; undefined where it has none. */
export function placeOf(line: string): Place | undefined {
  const match = /^([^\n]*?):(\d+):(\d+): /.exec(line);
  if (match === null) return undefined;
  return { file: match[1], line: Number(match[2]), column: Number(match[3]) };
}
