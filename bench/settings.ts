import { ROWS, type RowName } from "./rows.ts";

/** How much to measure. */
export interface Settings {
  readonly only: readonly RowName[];
  readonly rounds: number;
  /** Length of one measurement under load. */
  readonly seconds: number;
  /** Client connections under load. */
  readonly connections: number;
  /** Which program is Sluice. */
  readonly sluice: "bun" | "deno" | "executable";
  /** Write docs/performance.md. */
  readonly write: boolean;
}

export const USAGE = `bun run bench [--only=ROW,ROW] [--rounds=N] [--seconds=N] [--quick] [--sluice=bun|deno|executable]
rows: ${Object.keys(ROWS).join(", ")}
--quick: 2 rounds of 1 second. Only a full run (no --only, no --quick, --sluice=bun) writes docs/performance.md.`;

/** Throws on what it doesn't know. */
export function readSettings(args: readonly string[]): Settings {
  const values = new Map<string, string>();
  for (const arg of args) {
    const match = /^--(only|rounds|seconds|connections|sluice|quick)(?:=(.+))?$/.exec(arg);
    if (match === null || (match[2] === undefined) !== (match[1] === "quick")) {
      throw new Error(`unexpected argument "${arg}"\n${USAGE}`);
    }
    values.set(match[1], match[2] ?? "");
  }
  const quick = values.has("quick");
  const only = values.get("only")?.split(",") ?? Object.keys(ROWS);
  for (const name of only) {
    if (!Object.hasOwn(ROWS, name)) throw new Error(`unknown row "${name}"\n${USAGE}`);
  }
  const sluice = values.get("sluice") ?? "bun";
  if (sluice !== "bun" && sluice !== "deno" && sluice !== "executable") {
    throw new Error(`unknown program "${sluice}"\n${USAGE}`);
  }
  return {
    only: only as RowName[],
    rounds: number(values, "rounds", quick ? 2 : 5),
    seconds: number(values, "seconds", quick ? 1 : 4),
    connections: number(values, "connections", 64),
    sluice,
    write: !quick && !values.has("only") && sluice === "bun",
  };
}

function number(values: ReadonlyMap<string, string>, name: string, otherwise: number): number {
  const value = Number(values.get(name) ?? otherwise);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} takes a positive number\n${USAGE}`);
  return value;
}
