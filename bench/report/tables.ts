import type { Result } from "../context.ts";

/** The results as Markdown: tables of the same heading become one. */
export function resultTables(results: readonly Result[]): string {
  const tables = new Map<string, Result[]>();
  for (const result of results) {
    tables.set(result.heading, [...(tables.get(result.heading) ?? []), result]);
  }
  return Array.from(tables, ([heading, parts]) => {
    const lines = parts.flatMap((part) => part.lines);
    return `### ${heading}\n\n${table(parts[0].columns, lines)}`;
  }).join("\n");
}

function table(columns: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...lines.map((line) => line[i]?.length ?? 0)),
  );
  const row = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return `${[row(columns), rule, ...lines.map(row)].join("\n")}\n`;
}
