import type { SharedTokens } from "./shared-tokens.ts";
import type { OrderFailure, StoredSection } from "./stored.ts";

/** Where accounts and certificates are kept; several resolvers may share one. */
export interface AcmeStorage {
  /** For messages: its path. */
  readonly name: string;
  /**
   * Reads what there is and begins to look for the lock, and for what other processes write. Rejects
   * with an Error that says why it can't be used: nothing is written to it then.
   */
  open(): Promise<void>;
  /** What a resolver has, as it was read or written last. Throws an Error where it is malformed. */
  section(resolver: string): StoredSection;
  /**
   * Changes what a resolver has. Resolves when it is stored for good. Rejects where it can't be, and
   * where another process has the lock; what `section` gives is changed none the less.
   */
  update(resolver: string, change: (section: StoredSection) => StoredSection): Promise<void>;
  /** What the process that orders has noted of a resolver's failed orders. */
  failures(resolver: string): readonly OrderFailure[];
  /** When it ordered on demand lately, in milliseconds since the epoch. */
  demands(resolver: string): readonly number[];
  /** Notes both, for other processes and the next start. It is no matter where that can't be done. */
  note(resolver: string, failures: readonly OrderFailure[], demands: readonly number[]): void;
  /** Where processes that share the storage find each other's answers to HTTP-01. */
  readonly tokens: Pick<SharedTokens, "set" | "delete" | "find">;
  /** Whether this process orders certificates: of several with one storage one does. */
  readonly isOwner: boolean;
  /** Calls back after another process has changed something, and after `isOwner` has changed. */
  follow(changed: () => void): void;
  /** Gives the lock up, once what is being written is written. */
  close(): Promise<void>;
}
