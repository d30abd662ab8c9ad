import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "../core/logger.ts";
import type { AppendFile } from "../net/runtime.ts";
import { localOffset, rfc3339 } from "./timestamp.ts";

/** `log` of the static configuration. */
export interface LogOptions {
  /** One of LOG_LEVELS in any case; ERROR where it is missing. */
  readonly level?: string;
  /** "common" (the default) or "json". */
  readonly format?: string;
  /** No colours in the common format; a log file never has any. */
  readonly noColor?: boolean;
  readonly filePath?: string;
}

/** The logger that owns the output; those made by `with` share it. */
export interface RootLogger extends Logger {
  /** Gives every entry to `also` besides, from now on. */
  forward(also: (entry: LogEntry) => void): void;
  /** Writes to `file` from now on, and returns the file before it, for the caller to close. */
  reopen(file: AppendFile): AppendFile;
}

/** The level that a name in any case stands for. */
export function logLevelOf(name: string): LogLevel | undefined {
  const lower = name.toLowerCase();
  return LOG_LEVELS.find((level) => level === lower);
}

/**
 * The log of Sluice itself, as Traefik writes it: JSON with zerolog's keys, or zerolog's console
 * format. Whatever comes in from outside is escaped, so that no peer can write a line.
 */
export function createLogger(options: LogOptions, file: AppendFile): RootLogger {
  const level = logLevelOf(options.level ?? "error");
  const output: Output = {
    file,
    also: null,
    threshold: LOG_LEVELS.indexOf(level ?? "error"),
    format:
      options.format === "json"
        ? jsonLine
        : options.noColor === true || (options.filePath ?? "") !== ""
          ? (entry) => consoleLine(entry, plain)
          : (entry) => consoleLine(entry, colored),
  };
  const logger = new FileLogger(output, {});
  if (level === undefined) {
    logger.error("Unknown log level, ERROR it is", {
      found: options.level,
      expected: LOG_LEVELS.join(", "),
    });
  }
  return logger;
}

/** What is logged at once. */
export interface LogEntry {
  readonly level: LogLevel;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly time: string;
  readonly message: string;
  /** Without undefined values, errors as text. */
  readonly fields: readonly [name: string, value: unknown][];
}

interface Output {
  file: AppendFile;
  also: ((entry: LogEntry) => void) | null;
  readonly threshold: number;
  readonly format: (entry: LogEntry) => string;
}

const encoder = new TextEncoder();

class FileLogger implements RootLogger {
  private readonly output: Output;
  private readonly fields: LogFields;

  constructor(output: Output, fields: LogFields) {
    this.output = output;
    this.fields = fields;
  }

  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.output.threshold;
  }

  with(fields: LogFields): Logger {
    return new FileLogger(this.output, { ...this.fields, ...fields });
  }

  reopen(file: AppendFile): AppendFile {
    const before = this.output.file;
    this.output.file = file;
    return before;
  }

  forward(also: (entry: LogEntry) => void): void {
    this.output.also = also;
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

  private log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.enabled(level)) return;
    const time = Date.now();
    const entry: LogEntry = {
      level,
      at: time,
      time: rfc3339(time, localOffset(time)),
      message,
      fields: Object.entries({ ...this.fields, ...fields })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, value instanceof Error ? errorText(value) : value]),
    };
    this.output.also?.(entry);
    this.output.file.write(encoder.encode(`${this.output.format(entry)}\n`));
  }
}

/** The message and, behind colons as Go wraps errors, those of the causes. */
function errorText(error: Error): string {
  const messages: string[] = [];
  for (let at: unknown = error; at !== undefined && messages.length < 5; ) {
    const message = at instanceof Error ? at.message || at.name : String(at);
    if (!messages.at(-1)?.includes(message)) messages.push(message);
    at = at instanceof Error ? at.cause : undefined;
  }
  return messages.join(": ");
}

/** JSON text of anything; what JSON can't say becomes its text. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? JSON.stringify(String(value));
  } catch {
    return JSON.stringify(String(value));
  }
}

const OWN_KEYS = new Set(["level", "time", "message"]);

function jsonLine({ level, time, message, fields }: LogEntry): string {
  let line = `{"level":"${level}"`;
  for (const [name, value] of fields) {
    const key = OWN_KEYS.has(name) ? `${name}_` : name;
    line += `,${JSON.stringify(key)}:${jsonText(value)}`;
  }
  return `${line},"time":"${time}","message":${JSON.stringify(message)}}`;
}

/** Wraps text in an ANSI style, or doesn't. */
type Style = (style: string, text: string) => string;
const plain: Style = (_style, text) => text;
const colored: Style = (style, text) => (style === "" ? text : `\u001b[${style}m${text}\u001b[0m`);

const SHORT: Record<LogLevel, [name: string, style: string]> = {
  trace: ["TRC", "34"],
  debug: ["DBG", ""],
  info: ["INF", "32"],
  warn: ["WRN", "33"],
  error: ["ERR", "1;31"],
  fatal: ["FTL", "1;31"],
  panic: ["PNC", "1;31"],
};

// C0 and C1 controls, line separators, and marks that turn the reading direction.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Quoted where it is more than one word. */
function consoleValue(value: unknown): string {
  const text = typeof value === "string" ? value : jsonText(value);
  if (typeof value !== "string" || /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) return escaped(text);
  return `"${escaped(text.replace(/["\\]/g, "\\$&"))}"`;
}

function consoleLine({ level, time, message, fields }: LogEntry, style: Style): string {
  const [name, levelStyle] = SHORT[level];
  const bold = LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf("info") ? "1" : "";
  let line = `${style("90", time)} ${style(levelStyle, name)} ${style(bold, escaped(message))}`;
  let stack = "";
  for (const [field, value] of fields) {
    if (field === "stack" && typeof value === "string") {
      // Indented lines are easy to read, and no reader takes one for an entry.
      for (const frame of value.split("\n")) stack += `\n    ${escaped(frame.trim())}`;
      continue;
    }
    const text = consoleValue(value);
    line += ` ${style("36", `${escaped(field)}=`)}${field === "error" ? style("1;31", text) : text}`;
  }
  return line + stack;
}
