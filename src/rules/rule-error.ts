/** Says what is wrong with a rule and where. `column` counts from 1. */
export class RuleError extends Error {
  override readonly name = "RuleError";
  readonly column: number;

  constructor(message: string, rule: string, column: number) {
    super(`${message} at column ${column} of the rule ${rule}`);
    this.column = column;
  }
}
