import { REFUSED } from "../config/canonical.ts";
import { type Place, placeOf } from "./problem-log.ts";
import { counted } from "./terminal/words.ts";

interface Entry {
  readonly line: string;
  readonly place: Place | undefined;
}

/** What `check` has found. */
export class CheckReport {
  /** By line, as the same thing may be found in two ways. */
  private readonly entries = new Map<string, Entry>();
  errors = 0;
  warnings = 0;
  /** Keys that Sluice doesn't have yet, and how often each is there. */
  private readonly refused = new Map<string, number>();

  add(level: "warn" | "error", line: string): void {
    if (this.entries.has(line)) return;
    this.entries.set(line, { line, place: placeOf(line) });
    if (level === "warn") this.warnings++;
    else this.errors++;
    const key = REFUSED_KEY.exec(line)?.[1];
    if (key !== undefined) this.refused.set(key, (this.refused.get(key) ?? 0) + 1);
  }

  /** By file, line and column; what has no place comes last. */
  lines(): string[] {
    const placed = [...this.entries.values()].filter(({ place }) => place !== undefined);
    const others = [...this.entries.values()].filter(({ place }) => place === undefined);
    placed.sort(({ place: a }, { place: b }) => compare(a!, b!));
    return [...placed, ...others].map(({ line }) => line);
  }

  /** The last line: how much there is, and what is asked for that Sluice doesn't have. */
  summary(source: string, counts: string): string {
    const warnings = this.warnings === 0 ? "" : counted(this.warnings, "warning");
    if (this.errors === 0)
      return `${source}: OK, ${counts}${warnings === "" ? "" : `; ${warnings}`}`;
    const found = [counted(this.errors, "problem"), warnings].filter((part) => part !== "");
    const features = [...this.refused]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, count]) => (count === 1 ? key : `${key} (${count})`));
    const missing = features.length === 0 ? "" : `; not supported yet: ${features.join(", ")}`;
    return `${source}: ${found.join(" and ")} found${missing}`;
  }
}

/** The last key of a path that is refused. */
const REFUSED_KEY = new RegExp(`(?:^|[.:\\s])([^.:\\s]+): ${REFUSED}`);

function compare(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
