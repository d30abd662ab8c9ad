import { messageOf } from "../../../core/errors.ts";
import type { HttpMiddlewareContext } from "../http-middleware.ts";

/** `users` and `usersFile` of basicAuth and digestAuth. */
export interface UsersOptions {
  readonly users?: readonly string[] | undefined;
  readonly usersFile?: string | undefined;
}

/** A file of a million users has 70 MB. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The lines of `usersFile`, without blank ones and comments; none where no file is named. Rejects with an
 * Error that names the file and never shows what was read.
 */
export async function readUsers(
  { usersFile = "" }: UsersOptions,
  files: HttpMiddlewareContext["files"],
): Promise<string[]> {
  if (usersFile === "") return [];
  let bytes: Uint8Array;
  try {
    const info = await files.info(usersFile);
    if (info !== undefined && info.size > MAX_BYTES)
      throw new Error(`expected ${MAX_BYTES} bytes at the most, found ${info.size}`);
    bytes = await files.read(usersFile);
  } catch (error) {
    throw new Error(`usersFile: "${usersFile}" can't be read: ${messageOf(error)}`);
  }
  return new TextDecoder()
    .decode(bytes)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * Users by name, or by name and realm, with their secrets: of lines with exactly `colons` colons, split at the
 * last one. Those of `users` go before those of the file. Throws an Error that says which line is wrong.
 */
export function usersByName(
  { users = [], usersFile }: UsersOptions,
  fileLines: readonly string[],
  colons: number,
): Map<string, string> {
  const found = new Map<string, string>();
  const take = (lines: readonly string[], place: (i: number) => string) => {
    for (const [i, line] of lines.entries()) {
      const parts = line.split(":");
      if (parts.length !== colons + 1)
        throw new Error(
          `${place(i)}: expected ${colons === 1 ? '"name:hash"' : '"name:realm:hash"'}, found ${parts.length - 1} colons`,
        );
      if (/[\x00-\x1f\x7f]/.test(line))
        throw new Error(`${place(i)}: expected no control characters`);
      found.set(parts.slice(0, colons).join(":"), parts[colons]);
    }
  };
  take(fileLines, (i) => `usersFile "${usersFile}", user ${i + 1}`);
  take(users, (i) => `users[${i}]`);
  return found;
}
