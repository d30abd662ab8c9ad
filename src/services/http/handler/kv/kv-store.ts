import type { Database, SqlValue } from "../../../../net/host/database.ts";

/** What a store keeps of a key. */
export interface StoredValue {
  readonly value: Uint8Array;
  /** JSON; null where there is none. */
  readonly metadata: string | null;
}

export interface StoredKey {
  readonly key: string;
  /** Milliseconds since the epoch; null for no end. */
  readonly expires: number | null;
  readonly metadata: string | null;
}

/** Milliseconds that a write waits for those of other workers. */
const BUSY = 5_000;
/** What a key takes beyond its bytes and those of its value. */
const OVERHEAD = 64;
/** Keys that have expired and are removed by one write. */
const SWEPT = 100;

const SCHEMA = `
PRAGMA busy_timeout = ${BUSY};
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 4194304;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, metadata TEXT, expires INTEGER, bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS expiring ON entries (expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO total VALUES (1, 0);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON entries
  BEGIN UPDATE total SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON entries
  BEGIN UPDATE total SET bytes = bytes - OLD.bytes; END;
COMMIT;
`;

/**
 * Keys and values in a file that all workers share. What was written is there when the process ends in
 * whatever way; a loss of power may cost the last moments. `now` is the wall clock, in milliseconds.
 */
export class KvStore {
  private readonly database: Database;
  private readonly now: () => number;

  /** Throws SQLite's error where the file is none of its databases, or can't be written. */
  constructor(database: Database, now: () => number = Date.now) {
    this.database = database;
    this.now = now;
    database.exec(SCHEMA);
    this.sweep();
  }

  get(key: string): StoredValue | undefined {
    const [row] = this.database.all(
      "SELECT value, metadata FROM entries WHERE key = ? AND (expires IS NULL OR expires > ?)",
      key,
      this.now(),
    );
    return row as unknown as StoredValue | undefined;
  }

  /** False, with nothing changed, where the store would have more than so many bytes. */
  put(
    key: string,
    value: Uint8Array,
    metadata: string | null,
    expires: number | null,
    maxBytes: number,
  ): boolean {
    const bytes = OVERHEAD + 3 * key.length + value.length + 3 * (metadata?.length ?? 0);
    return this.transaction(() => {
      this.sweep();
      this.remove(key);
      if (this.bytes + bytes > maxBytes) return false;
      this.database.run(
        "INSERT INTO entries (key, value, metadata, expires, bytes) VALUES (?, ?, ?, ?, ?)",
        key,
        value,
        metadata,
        expires,
        bytes,
      );
      return true;
    });
  }

  delete(key: string): void {
    this.remove(key);
  }

  /** Keys with the prefix behind the key `after`, in the order of their bytes; at most so many. */
  list(prefix: string, after: string, limit: number): StoredKey[] {
    return this.database.all(
      `SELECT key, expires, metadata FROM entries
       WHERE key > ? AND key >= ? AND substr(key, 1, length(?)) = ?
         AND (expires IS NULL OR expires > ?) AND key < ? ORDER BY key LIMIT ?`,
      after,
      prefix,
      prefix,
      prefix,
      this.now(),
      `${prefix}\u{10ffff}`,
      limit,
    ) as unknown as StoredKey[];
  }

  /** Bytes of all that it keeps. */
  get bytes(): number {
    return this.database.all("SELECT bytes FROM total")[0]["bytes"] as number;
  }

  close(): void {
    this.database.close();
  }

  private remove(key: SqlValue): void {
    this.database.run("DELETE FROM entries WHERE key = ?", key);
  }

  /** Removes what has expired, some of it. */
  private sweep(): void {
    this.database.run(
      "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires <= ? LIMIT ?)",
      this.now(),
      SWEPT,
    );
  }

  /** Undone where it gives false or throws. */
  private transaction(work: () => boolean): boolean {
    this.database.exec("BEGIN IMMEDIATE");
    let done = false;
    try {
      done = work();
    } finally {
      this.database.exec(done ? "COMMIT" : "ROLLBACK");
    }
    return done;
  }
}
