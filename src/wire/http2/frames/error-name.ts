import { ErrorCode } from "../message.ts";

const NAMES: readonly string[] = Object.keys(ErrorCode);

/** An error code of RST_STREAM or GOAWAY, for logs. */
export function errorName(code: number): string {
  return NAMES[code] ?? `code ${code}`;
}
