import { shortened } from "./shortened.ts";

/** Longer rules are shown in part. */
const SHOWN = 200;

/** Says what is wrong with a rule and where. `column` counts UTF-16 units from 1. */
export class RuleError extends Error {
  override readonly name = "RuleError";
  readonly column: number;

  constructor(message: string, rule: string, column: number) {
    super(
      `${shortened(message, 2 * SHOWN)} at column ${column} of the rule ${excerpt(rule, column)}`,
    );
    this.column = column;
  }
}

function excerpt(rule: string, column: number): string {
  if (rule.length <= SHOWN) return rule;
  const start = Math.max(0, Math.min(column - SHOWN / 2, rule.length - SHOWN));
  const end = start + SHOWN;
  return `${start > 0 ? "…" : ""}${rule.slice(start, end)}${end < rule.length ? "…" : ""}`;
}
