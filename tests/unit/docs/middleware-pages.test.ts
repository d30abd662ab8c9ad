import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { keyRows } from "../../../scripts/schema/compatibility-page.ts";
import { dynamicSchema } from "../../../src/config/dynamic/schema.ts";

const FOLDER = join(ROOT, "docs/middlewares");
const PREFIX = "http.middlewares.NAME.";

/** By kind: the options that the schema has and doesn't refuse, sections by what is in them. */
const OPTIONS = new Map<string, Set<string>>();
for (const { path, support } of keyRows(dynamicSchema)) {
  if (!path.startsWith(PREFIX) || support === "refused") continue;
  const [kind, ...option] = path.slice(PREFIX.length).split(".");
  const names = OPTIONS.get(kind) ?? new Set<string>();
  OPTIONS.set(kind, names);
  const name = option.join(".").replace(/(\[\]|\.NAME)$/, "");
  if (name !== "") names.add(name);
}

/** By kind: the first cells of the table of its section in a page. */
const DOCUMENTED = new Map<string, string[]>();
for (const page of readdirSync(FOLDER)) {
  const text = readFileSync(join(FOLDER, page), "utf8");
  for (const section of text.split(/^## /m).slice(1)) {
    const kind = section.slice(0, section.indexOf("\n")).trim();
    const cells = Array.from(section.matchAll(/^\| (`[^|]+`) \|/gm), ([, cell]) => cell);
    const names = cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, n]) => n));
    if (OPTIONS.has(kind)) DOCUMENTED.set(kind, names);
  }
}

test.each([...DOCUMENTED])("the table of %s has the schema's options", (kind, names) => {
  const options = [...OPTIONS.get(kind)!];
  // A section is known by what is in it.
  const leaves = options.filter((name) => !options.some((other) => other.startsWith(`${name}.`)));
  expect([...names].sort()).toEqual(leaves.sort());
});
