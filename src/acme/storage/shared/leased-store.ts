/** Keys and what they get; null removes one. */
export type Changes = ReadonlyMap<string, string | null>;

/** A lease: what holds it, and for how long without a sign of life. */
export interface Lease {
  readonly key: string;
  /** Of the instance. */
  readonly holder: string;
  /** Seconds. */
  readonly life: number;
}

/**
 * A key-value store that several instances share, of which one has a lease. All reject where the store can't be
 * reached or refuses; none waits longer than a few seconds.
 */
export interface LeasedStore {
  /** For messages: "Redis at 127.0.0.1:6379". */
  readonly title: string;
  /** Undefined where there is no such key. */
  read(key: string): Promise<string | undefined>;
  /** All below a prefix, by the rest of their keys. */
  list(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Takes the lease, or prolongs it. False where another instance has it. */
  hold(): Promise<boolean>;
  /**
   * Makes the changes while this instance has the lease, in one step with the look whether it has. False where it
   * has not: nothing is changed then. Many changes go in several steps.
   */
  write(changes: Changes): Promise<boolean>;
  /** Gives the lease up, where this instance has it. */
  release(): Promise<void>;
  /** Connections are closed; anything later rejects. */
  close(): void;
}

/** How long an answer may take, in milliseconds. */
export const ANSWER = 5_000;

/** Changes in portions, of so many keys and so many characters at most. */
export function portions(changes: Changes, most: number, characters: number): Changes[] {
  const found: Map<string, string | null>[] = [];
  let size = 0;
  for (const [key, value] of changes) {
    const length = key.length + (value?.length ?? 0);
    const last = found.at(-1);
    if (last === undefined || last.size >= most || size + length > characters) {
      found.push(new Map([[key, value]]));
      size = length;
    } else {
      last.set(key, value);
      size += length;
    }
  }
  return found;
}
