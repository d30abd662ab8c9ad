import { existsSync } from "node:fs";
import { join } from "node:path";
import { denoBinary } from "../../scripts/deno-binary.ts";
import { EXECUTABLE, ROOT } from "../../scripts/paths.ts";

/** The ways in which the real program is started: the black-box suite passes on each. */
export type Flavour = "bun" | "deno" | "executable";

/** Chosen by SLUICE_FLAVOUR; Bun where that is not set. */
export const FLAVOUR = readFlavour(process.env["SLUICE_FLAVOUR"]);

/** The program's command line without its arguments. */
export function command(flavour: Flavour = FLAVOUR): string[] {
  switch (flavour) {
    case "bun":
      return [process.execPath, join(ROOT, "runtime/bun/main.ts")];
    case "deno":
      return [
        denoBinary(),
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-all",
        join(ROOT, "runtime/deno/main.ts"),
      ];
    case "executable":
      if (!existsSync(EXECUTABLE))
        throw new Error(`${EXECUTABLE} is missing: run the build script first`);
      return [EXECUTABLE];
  }
}

function readFlavour(value: string | undefined): Flavour {
  if (value === undefined || value === "") return "bun";
  if (value === "bun" || value === "deno" || value === "executable") return value;
  throw new Error(`SLUICE_FLAVOUR is "${value}"; expected bun, deno or executable`);
}
