import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/paths.ts";
import type { Result } from "../context.ts";

/** Results outlive the run, so that the document can be written from rows that were run one by one. */
const DIRECTORY = join(ROOT, "dist/bench");

const fileOf = (row: string) => join(DIRECTORY, `${row}.json`);

export function writeResult(row: string, result: Result): void {
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(fileOf(row), `${JSON.stringify({ row, at: new Date(), ...result }, null, 2)}\n`);
}

/** The results that there are of these rows. */
export function readResults(rows: readonly string[]): Result[] {
  return rows
    .map(fileOf)
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")));
}
