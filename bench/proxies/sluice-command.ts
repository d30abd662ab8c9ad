import { existsSync } from "node:fs";
import { join } from "node:path";
import { denoBinary } from "../../scripts/deno-binary.ts";
import { ROOT } from "../../scripts/paths.ts";
import type { Settings } from "../settings.ts";

/** The command line of the program without its arguments; `root` is a checkout of Sluice. */
export function sluiceCommand(flavour: Settings["sluice"], root: string = ROOT): string[] {
  switch (flavour) {
    case "bun":
      return [process.execPath, entry(root, "runtime/bun/main.ts")];
    case "deno":
      return [
        denoBinary(),
        ...["run", "--quiet", "--allow-all"],
        entry(root, "runtime/deno/main.ts"),
      ];
    case "executable":
      return [entry(root, "dist/sluice")];
  }
}

function entry(root: string, path: string): string {
  const file = join(root, path);
  if (!existsSync(file)) throw new Error(`${root} is no checkout of Sluice: there is no ${path}`);
  return file;
}
