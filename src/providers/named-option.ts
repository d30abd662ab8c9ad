import { messageOf } from "../core/errors.ts";

/** What `make` returns. Throws an Error that names the key where it throws. */
export function namedOption<T>(key: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${key}: ${messageOf(error)}`);
  }
}
