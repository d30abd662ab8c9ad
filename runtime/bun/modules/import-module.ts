import { readFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { moduleError } from "../../node/modules/module-error.ts";
import { BUNDLED_PACKAGES } from "./bundled-packages.ts";

const SCHEME = "sluice:";
const VERSION = /\?v=[^/]*$/;
/** Files of the user's that may name a bundled package; installed packages have their own. */
const SOURCES = /^(?!.*\/node_modules\/).*\.(?:ts|tsx|mts|js|jsx|mjs)(?:\?v=[^/]*)?$/;
const LOADERS: Readonly<Record<string, Bun.Loader & ("js" | "jsx" | "ts" | "tsx")>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".jsx": "jsx",
};
const NAMES = [...new Set(Object.keys(BUNDLED_PACKAGES).map((name) => name.split("/")[0]))];

let installed = false;

/**
 * Imports a module of the user's, afresh for another version. What it imports is looked for beside it
 * first, then among the bundled packages. Rejects with an Error that says file, line and column.
 */
export async function importModule(
  path: string,
  version: string,
): Promise<Record<string, unknown>> {
  install();
  try {
    // A path and not a file URL: Bun keeps one module for a URL, whatever its query says.
    return await import(`${path}?v=${encodeURIComponent(version)}`);
  } catch (error) {
    throw moduleError(error, path, NAMES);
  }
}

/**
 * An executable finds no package for what it loads from the disk, and Bun asks no plugin where one
 * is: sources that name a bundled package which isn't installed beside them get it by a name of ours.
 */
function install(): void {
  if (installed) return;
  installed = true;
  Bun.plugin({
    name: "bundled packages",
    setup(build) {
      for (const [name, load] of Object.entries(BUNDLED_PACKAGES)) {
        build.module(SCHEME + name, async () => ({
          exports: (await load()) as Record<string, unknown>,
          loader: "object",
        }));
      }
      build.onLoad({ filter: SOURCES }, (args) => {
        const path = args.path.replace(VERSION, "");
        const loader = LOADERS[extname(path)];
        return { contents: withBundled(readFileSync(path, "utf8"), path, loader), loader };
      });
    },
  });
}

function withBundled(text: string, path: string, loader: "js" | "jsx" | "ts" | "tsx"): string {
  const wanted = bundledImports(text, path, loader);
  if (wanted.size === 0) return text;
  return text.replace(
    /((?:\bfrom|\bimport)\s*\(?\s*)(["'])([^"'\n]+)\2/g,
    (all, before: string, quote: string, name: string) =>
      wanted.has(name) ? `${before}${quote}${SCHEME}${name}${quote}` : all,
  );
}

/** The bundled packages that a source imports and that aren't installed beside it. */
function bundledImports(
  text: string,
  path: string,
  loader: "js" | "jsx" | "ts" | "tsx",
): ReadonlySet<string> {
  if (!NAMES.some((name) => text.includes(name))) return new Set();
  let names: string[];
  try {
    names = new Bun.Transpiler({ loader }).scanImports(text).map((found) => found.path);
  } catch {
    // What is wrong with it is said when it is loaded.
    return new Set();
  }
  const directory = dirname(path);
  return new Set(
    names.filter((name) => Object.hasOwn(BUNDLED_PACKAGES, name) && !isInstalled(name, directory)),
  );
}

function isInstalled(name: string, directory: string): boolean {
  try {
    Bun.resolveSync(name, directory);
    return true;
  } catch {
    return false;
  }
}
