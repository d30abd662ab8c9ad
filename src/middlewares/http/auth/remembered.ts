import { latin1, latin1Bytes } from "../../../core/bytes.ts";
import { sha256 } from "../../../core/digests/sha256.ts";

/** More are forgotten, the oldest first. */
const MOST = 10_000;

/**
 * Credentials that were found good, and whose they are. What is kept of them is a digest with a random
 * beginning that never leaves the object: neither the memory's content nor the time of a look-up tells a password.
 */
export class RememberedCredentials {
  private readonly salt = crypto.getRandomValues(new Uint8Array(32));
  private readonly users = new Map<string, string>();

  /** What stands for these credentials (text of one code unit for each octet). */
  keyOf(credentials: string): string {
    const bytes = new Uint8Array(this.salt.length + credentials.length);
    bytes.set(this.salt);
    bytes.set(latin1Bytes(credentials), this.salt.length);
    return latin1(sha256(bytes));
  }

  /** Whose credentials they are; undefined where they weren't found good. */
  userOf(key: string): string | undefined {
    return this.users.get(key);
  }

  remember(key: string, user: string): void {
    if (this.users.size >= MOST) this.users.delete(this.users.keys().next().value!);
    this.users.set(key, user);
  }
}
