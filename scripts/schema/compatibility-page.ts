import type { z } from "zod";
import { shapeOf } from "../../src/config/shape.ts";
import { type Support, supportOf } from "../../src/config/support.ts";

/** One key that a user can write, and what Sluice does with it. */
export interface KeyRow {
  /** With NAME where a name of the user's own goes, and [] behind lists. */
  readonly path: string;
  readonly support: Support;
  readonly note: string;
}

const WORDS: Readonly<Record<Support, string>> = {
  implemented: "implemented",
  accepted: "accepted",
  refused: "refused",
  ours: "Sluice's own",
};

/** docs/compatibility.md. */
export function compatibilityPage(staticSchema: z.ZodType, dynamicSchema: z.ZodType): string {
  const planes = [
    { title: "Static configuration", rows: keyRows(staticSchema) },
    { title: "Dynamic configuration", rows: keyRows(dynamicSchema) },
  ];
  return `${[
    "<!-- Written by `bun run schema`; don't edit. -->",
    "",
    "# Traefik's keys, one by one",
    "",
    "Every key that Traefik v3.7.9 reads, in the spelling of its documentation (any case will do).",
    "",
    "- **implemented**: does what Traefik's documentation says.",
    "- **accepted**: taken and without effect, because there is nothing to do, or because Traefik has",
    "  none either; where it may have been meant to have one, a warning says so.",
    "- **refused**: known, and refused by name and position: a static configuration that has it does",
    "  not start; in a dynamic one the router, service or middleware that has it is disabled. Nothing is",
    "  ignored in silence.",
    "- **Sluice's own**: not Traefik's.",
    "",
    "`NAME` stands for a name of your own, `[]` for each element of a list.",
    "",
    ...counts(planes),
    ...planes.flatMap(({ title, rows }) => ["", `## ${title}`, ...sections(rows)]),
  ].join("\n")}\n`;
}

/** All keys of a schema, depth first, sections before what is in them. */
export function keyRows(schema: z.ZodType): KeyRow[] {
  const rows: KeyRow[] = [];
  walk(schema, "", { support: "implemented", note: "" }, rows);
  return rows;
}

type Mark = Omit<KeyRow, "path">;

function walk(schema: z.ZodType, path: string, inherited: Mark, rows: KeyRow[]): void {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "object":
      for (const [key, child] of Object.entries(shape.keys)) {
        const own = supportOf(child);
        const mark = inherited.support === "implemented" && own !== undefined ? own : inherited;
        const at = path === "" ? key : `${path}.${key}`;
        rows.push({ path: at, support: mark.support, note: own?.note ?? "" });
        walk(child, at, mark, rows);
      }
      break;
    case "record":
      walk(shape.value, `${path}.NAME`, inherited, rows);
      break;
    case "array":
      walk(shape.element, `${path}[]`, inherited, rows);
      break;
  }
}

function counts(planes: readonly { title: string; rows: readonly KeyRow[] }[]): string[] {
  const kinds = Object.keys(WORDS) as Support[];
  const count = (rows: readonly KeyRow[], kind: Support) =>
    rows.filter(({ support }) => support === kind).length;
  const line = (title: string, rows: readonly KeyRow[]) =>
    `| ${title} | ${kinds.map((kind) => count(rows, kind)).join(" | ")} | ${rows.length} |`;
  return [
    `| Keys | ${kinds.map((kind) => WORDS[kind]).join(" | ")} | all |`,
    `|---|${"---:|".repeat(kinds.length + 1)}`,
    ...planes.map(({ title, rows }) => line(title, rows)),
    line(
      "Together",
      planes.flatMap(({ rows }) => rows),
    ),
  ];
}

/** A table for each first key, or for each second one where the first is only a frame. */
function sections(rows: readonly KeyRow[]): string[] {
  const groups = new Map<string, KeyRow[]>();
  for (const row of rows) {
    const [first, second] = row.path.split(".");
    const framed = ["http", "tcp", "udp", "tls", "providers"].includes(first);
    const name = framed && second !== undefined ? `${first}.${second.replace("[]", "")}` : first;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return [...groups].flatMap(([name, group]) => [
    "",
    `### ${name}`,
    "",
    "| Key | Sluice | |",
    "|---|---|---|",
    ...group.map(
      ({ path, support, note }) => `| \`${path}\` | ${WORDS[support]} | ${escaped(note)} |`,
    ),
  ]);
}

function escaped(text: string): string {
  return text.replace(/[|<>]/g, (mark) => `\\${mark}`);
}
