/**
 * `bun run schema`: writes config/schema/{static,dynamic}.json, the JSON Schemas that editors check
 * configurations with, docs/compatibility.md, Traefik's keys one by one, and docs/options.md, what kinds take. With `--check` it writes
 * nothing and fails where a file isn't what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { dynamicSchema } from "../src/config/dynamic/schema.ts";
import { staticSchema } from "../src/config/static/schema.ts";
import { ROOT } from "./paths.ts";
import { compatibilityPage } from "./schema/compatibility-page.ts";
import { editorSchema } from "./schema/editor-schema.ts";
import { optionsPage } from "./schema/options-page.ts";

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const GENERATED: Readonly<Record<string, string>> = {
  "config/schema/static.json": json(
    editorSchema(staticSchema, {
      id: "urn:sluice:static-configuration",
      title: "Sluice's static configuration: Traefik v3's keys",
    }),
  ),
  "config/schema/dynamic.json": json(
    editorSchema(dynamicSchema, {
      id: "urn:sluice:dynamic-configuration",
      title: "Sluice's dynamic configuration: Traefik v3's keys",
    }),
  ),
  "docs/compatibility.md": compatibilityPage(staticSchema, dynamicSchema),
  "docs/options.md": optionsPage(dynamicSchema),
};

const checking = process.argv.includes("--check");
const stale: string[] = [];
for (const [path, text] of Object.entries(GENERATED)) {
  const file = join(ROOT, path);
  if (read(file) === text) continue;
  stale.push(path);
  if (checking) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
if (stale.length === 0) console.log(`${Object.keys(GENERATED).length} generated files are fresh`);
else console.log(`${checking ? "Stale, run `bun run schema`" : "Written"}: ${stale.join(", ")}`);
process.exit(checking && stale.length > 0 ? 1 : 0);

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
