/** Proves the layering of `src/` and `runtime/`; prints what is against it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkLayers } from "./layers.ts";
import { ROOT } from "./paths.ts";

const files = new Map<string, string>();
for (const folder of ["src", "runtime", "scripts", "bench"]) {
  for (const name of new Bun.Glob("**/*.ts").scanSync(join(ROOT, folder))) {
    const path = `${folder}/${name.replaceAll("\\", "/")}`;
    files.set(path, readFileSync(join(ROOT, path), "utf8"));
  }
}
const { violations, warnings } = checkLayers(files);
for (const warning of warnings) console.warn(`warning: ${warning}`);
for (const violation of violations) console.error(violation);
console.log(`${files.size} files, ${violations.length} violations, ${warnings.length} warnings`);
process.exit(violations.length === 0 ? 0 : 1);
