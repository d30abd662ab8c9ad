import type { Backend } from "./scenario/backend.ts";
import type { Settings } from "./settings.ts";

/** What every row of the bench has at hand. */
export interface BenchContext {
  readonly settings: Settings;
  /** A directory that is removed at the end. */
  readonly workspace: string;
  readonly backend: Backend;
  /** Says what goes on, on standard error. */
  readonly progress: (text: string) => void;
}

/** A table's line or lines; results with the same heading are shown as one table. */
export interface Result {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly lines: readonly (readonly string[])[];
  /** The same, unrounded, and what the lines were computed from; for programs. */
  readonly data?: unknown;
}

/** Measures one thing. Throws where anything went wrong: a number from a failing run says nothing. */
export type Row = (context: BenchContext) => Promise<Result>;
