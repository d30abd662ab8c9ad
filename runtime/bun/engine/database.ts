import type { OpenDatabase, SqlValue } from "../../../src/net/host/database.ts";

/** By `bun:sqlite`, loaded when it is first needed. */
export const openDatabase: OpenDatabase = async (path) => {
  const { Database } = await import("bun:sqlite");
  const database = new Database(path, { create: true, readwrite: true });
  return {
    exec: (statements) => void database.run(statements),
    all: (statement, ...values) =>
      database.query<Record<string, SqlValue>, SqlValue[]>(statement).all(...values),
    run: (statement, ...values) => database.query(statement).run(...values).changes,
    close: () => database.close(),
  };
};
