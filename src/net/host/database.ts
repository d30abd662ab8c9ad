/** What SQLite takes and gives. */
export type SqlValue = string | number | null | Uint8Array;

/** An SQLite database in a file, which other threads and processes may have open as well. */
export interface Database {
  /** Runs statements without parameters. Throws the system's or SQLite's error, as all of these do. */
  exec(statements: string): void;
  /** The rows that a statement gives, by the names of their columns. */
  all(statement: string, ...values: SqlValue[]): Record<string, SqlValue>[];
  /** Runs a statement; how many rows it changed. */
  run(statement: string, ...values: SqlValue[]): number;
  close(): void;
}

/** Opens a database, or makes one; its directory is there. Rejects with the system's or SQLite's error. */
export type OpenDatabase = (path: string) => Promise<Database>;
