import type { Logger, LogLevel } from "../core/logger.ts";
import type { AppendFile } from "../net/runtime.ts";
import { createLogger } from "./logger.ts";

/** A log on the platform's console, a message for each line: where there are no files or streams of ours. */
export function consoleLogger(level: LogLevel = "warn"): Logger {
  const decoder = new TextDecoder();
  const print = (bytes: Uint8Array) => console.error(decoder.decode(bytes).trimEnd());
  const file: AppendFile = {
    write: print,
    writeNow: (bytes, length) => print(bytes.subarray(0, length)),
    flush: async () => {},
    onTrouble: null,
    close: async () => {},
  };
  return createLogger({ level, noColor: true }, file);
}
