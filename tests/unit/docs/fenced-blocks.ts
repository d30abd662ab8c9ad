import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";

/** An example in a page. */
export interface FencedBlock {
  /** "docs/tcp.md:5". */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

/** The examples of README.md, CONTRIBUTING.md and docs/, without the indentation of a list that they are in. */
export function fencedBlocks(): FencedBlock[] {
  const pages = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .sort();
  return ["README.md", "CONTRIBUTING.md", ...pages.map((name) => `docs/${name}`)].flatMap(
    (page) => {
      const text = readFileSync(join(ROOT, page), "utf8");
      return Array.from(text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm), (match) => {
        const [, indent, language, body] = match;
        const line = text.slice(0, match.index).split("\n").length;
        return {
          place: `${page}:${line}`,
          language,
          text: body.replace(new RegExp(`^${indent}`, "gm"), ""),
        };
      });
    },
  );
}

/** What an example in YAML is, by its sections. */
export function kindOf(text: string): "static" | "dynamic" | "other" {
  const section = /^([a-zA-Z]+):/m.exec(text)?.[1] ?? "";
  if (["http", "tcp", "udp", "tls"].includes(section)) return "dynamic";
  return Object.keys(staticSchema.shape).includes(section) ? "static" : "other";
}
