import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Database, OpenDatabase, SqlValue } from "../../../src/net/host/database.ts";

/** By `node:sqlite`, loaded when it is first needed. */
export const openDatabase: OpenDatabase = async (path) => {
  const { DatabaseSync } = await import("node:sqlite");
  return new PreparedDatabase(new DatabaseSync(path));
};

/** Keeps what it has prepared: the statements are few. */
class PreparedDatabase implements Database {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  exec(statements: string): void {
    this.database.exec(statements);
  }

  all(statement: string, ...values: SqlValue[]): Record<string, SqlValue>[] {
    return this.prepared(statement).all(...values) as Record<string, SqlValue>[];
  }

  run(statement: string, ...values: SqlValue[]): number {
    return Number(this.prepared(statement).run(...values).changes);
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  private prepared(text: string): StatementSync {
    let statement = this.statements.get(text);
    if (statement === undefined)
      this.statements.set(text, (statement = this.database.prepare(text)));
    return statement;
  }
}
