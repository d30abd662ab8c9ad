/** The pairs below a root, by their keys without the root and its slash. */
export type Pairs = ReadonlyMap<string, string>;

/** A store that the key-value provider watches. */
export interface KeyValueStore {
  /**
   * Calls `changed` with all pairs below the root, at once and after each change. Rejects where the
   * connection fails, and with the signal's reason where that fires; its connections are closed then.
   */
  watch(root: string, signal: AbortSignal, changed: (pairs: Pairs) => void): Promise<never>;
}
