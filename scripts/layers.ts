/**
 * The rules of the architecture that a machine can check: who may import whom, which names stay out
 * of `src/`, which library is used in one place only.
 */

import { cycleGroups } from "./checks/cycles.ts";
import { withoutComments, withoutStrings } from "./checks/source-text.ts";

/** The folders of `src/` from bottom to top: each imports only from itself and from those before it. */
export const LAYERS = [
  "core",
  "net",
  "wire",
  "http",
  "rules",
  "config",
  "snapshot",
  "tls",
  // The data plane: it knows the control plane by its snapshots and messages alone.
  "upstream",
  "services",
  "middlewares",
  "routers",
  "telemetry",
  "request",
  "graph",
  "internal",
  "server",
  "worker",
  // The control plane, which runs once.
  "providers",
  "certificates",
  "acme",
  "health",
  "isolation",
  "exporters",
  "status",
  "explain",
  "api",
  "control",
  "embed",
  "cli",
] as const;

/** Libraries that a single file of `src/` wraps. */
const WRAPPED = ["js-yaml", "re2js", "toml-eslint-parser"];

/** Lines. */
const LONG = 400;

export interface Findings {
  readonly violations: string[];
  readonly warnings: string[];
  /** Files that import each other in a circle, imports of types included. */
  readonly cycles: string[][];
}

/** Checks the project's sources: texts by path from its root, with forward slashes. */
export function checkLayers(files: ReadonlyMap<string, string>): Findings {
  const violations: string[] = [];
  const warnings: string[] = [];
  const graph = new Map<string, string[]>();
  const wrappers = new Map<string, string[]>();
  for (const [path, text] of files) {
    const code = withoutComments(text);
    const imports = importsOf(code);
    const inner: string[] = [];
    for (const specifier of imports) {
      if (!specifier.startsWith(".")) {
        if (path.startsWith("src/")) {
          if (/^(node|bun|deno|jsr|npm|https?)(:|$)/.test(specifier)) {
            violations.push(`${path}: imports ${specifier}, which belongs to a runtime`);
          }
          if (WRAPPED.includes(specifier)) {
            wrappers.set(specifier, [...(wrappers.get(specifier) ?? []), path]);
          }
        }
        continue;
      }
      const target = resolve(path, specifier);
      if (!/\.[a-z]+$/.test(specifier)) violations.push(`${path}: ${specifier} has no extension`);
      if (files.has(target)) inner.push(target);
      const reason = forbidden(path, target);
      if (reason !== undefined) violations.push(`${path}: imports ${target}: ${reason}`);
    }
    graph.set(path, inner);
    if (path.startsWith("src/")) violations.push(...sourceRules(path, code));
    const lines = text.split("\n").length - 1;
    if (lines > LONG) warnings.push(`${path}: ${lines} lines, more than ${LONG}`);
  }
  for (const [library, users] of wrappers) {
    if (users.length > 1)
      violations.push(`${library} is imported by more than one file: ${users.join(", ")}`);
  }
  return { violations, warnings, cycles: cycleGroups(graph) };
}

/** Why the one must not import the other; undefined where it may. */
function forbidden(path: string, target: string): string | undefined {
  const top = (file: string) => file.split("/")[0];
  if (path.startsWith("src/")) {
    if (target === "package.json") return undefined;
    if (!target.startsWith("src/")) return `src/ stands alone`;
    const own = layerOf(path);
    const other = layerOf(target);
    if (own < 0) return undefined; // Reported for the file itself.
    return other > own ? `${LAYERS[own]} is below ${LAYERS[other]}` : undefined;
  }
  if (top(path) === "runtime" && !["src", "runtime", "config"].includes(top(target))) {
    return "runtime/ imports from src/, runtime/ and config/ only";
  }
  return undefined;
}

function sourceRules(path: string, code: string): string[] {
  const violations: string[] = [];
  if (layerOf(path) < 0) violations.push(`${path}: not in a folder of the layers`);
  const name = path.split("/").at(-1)!;
  if (/^(index|utils?|helpers?)\./.test(name)) violations.push(`${path}: the name says nothing`);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(name)) violations.push(`${path}: not kebab-case`);
  const bare = withoutStrings(code);
  for (const match of bare.matchAll(
    /(?<![\w$#])(?:Bun|Deno)(?=\s*[.[(])|(?<![.\w$#])process(?=\s*[.[])/g,
  )) {
    const line = bare.slice(0, match.index).split("\n").length;
    violations.push(`${path}:${line}: names the runtime's ${match[0]}`);
  }
  for (const match of bare.matchAll(
    /^\s*export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;\n]*?\bfrom\b/gm,
  )) {
    const line = bare.slice(0, match.index + match[0].length).split("\n").length;
    violations.push(`${path}:${line}: passes on what another file exports; import it from there`);
  }
  return violations;
}

function layerOf(path: string): number {
  return LAYERS.indexOf(path.split("/")[1] as (typeof LAYERS)[number]);
}

function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Everything that is imported or re-exported. */
function importsOf(code: string): string[] {
  const pattern =
    /\b(?:import|export)\s[^;"'`]*?\bfrom\s*["']([^"']+)["']|\bimport\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;
  return Array.from(code.matchAll(pattern), ([, from, bare, dynamic]) => from ?? bare ?? dynamic);
}
