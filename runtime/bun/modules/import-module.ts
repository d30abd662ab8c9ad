import { readFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import { moduleError } from "../../node/modules/module-error.ts";

const SCHEME = "sluice:";
const VERSION = /\?v=[^/]*$/;
const IMPORT = /((?:\bfrom|\bimport)\s*\(?\s*)(["'])([^"'\n]+)\2/g;
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
/** The packages of bundled-packages.ts. */
const NAMES = ["hono", "itty-router", "zod"];

type Bundled = typeof import("../bundled-packages.ts")["BUNDLED_PACKAGES"];

let installed = false;
let bundled: Promise<Bundled> | undefined;

/** They are many and rarely needed: a file of their own, which an executable has as an entry point. */
function bundledPackages(file: URL): Promise<Bundled> {
  bundled ??= import(file.pathname).then(({ BUNDLED_PACKAGES }) => {
    offer(BUNDLED_PACKAGES);
    return BUNDLED_PACKAGES;
  });
  return bundled;
}

function offer(packages: Bundled): void {
  Bun.plugin({
    name: "bundled packages, by names of ours",
    setup(build) {
      for (const [name, load] of Object.entries(packages)) {
        build.module(SCHEME + name, async () => ({
          exports: (await load()) as Record<string, unknown>,
          loader: "object",
        }));
      }
    },
  });
}

/**
 * Imports a module of the user's, afresh for another version. What it imports is looked for beside it
 * first, then among the packages of `bundledFile`. Rejects with an Error that says file, line and column.
 */
export async function importModule(
  path: string,
  version: string,
  bundledFile: URL,
): Promise<Record<string, unknown>> {
  install(bundledFile);
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
function install(bundledFile: URL): void {
  if (installed) return;
  installed = true;
  Bun.plugin({
    name: "bundled packages",
    setup(build) {
      build.onLoad({ filter: SOURCES }, async (args) => {
        const path = args.path.replace(VERSION, "");
        const loader = LOADERS[extname(path)];
        return {
          contents: withVersions(
            await withBundled(readFileSync(path, "utf8"), path, loader, bundledFile),
            path,
            loader,
            VERSION.exec(args.path)?.[0] ?? "",
          ),
          loader,
        };
      });
    },
  });
}

/** The source with names of ours for the bundled packages that it imports and that aren't installed beside it. */
async function withBundled(
  text: string,
  path: string,
  loader: "js" | "jsx" | "ts" | "tsx",
  bundledFile: URL,
): Promise<string> {
  if (!NAMES.some((name) => text.includes(name))) return text;
  const imports = importsOf(text, loader);
  const directory = dirname(path);
  const absent = imports.filter(
    (name) => NAMES.includes(name.split("/")[0]) && !isInstalled(name, directory),
  );
  if (absent.length === 0) return text;
  const packages = await bundledPackages(bundledFile);
  return text.replace(IMPORT, (all, before: string, quote: string, name: string) =>
    absent.includes(name) && Object.hasOwn(packages, name)
      ? `${before}${quote}${SCHEME}${name}${quote}`
      : all,
  );
}

/**
 * The source with the version of the module that imports it on every file of the user's that it names, as
 * Bun keeps what it has loaded: a change there shows in the next version.
 */
function withVersions(
  text: string,
  path: string,
  loader: "js" | "jsx" | "ts" | "tsx",
  version: string,
): string {
  if (version === "") return text;
  const directory = dirname(path);
  const resolved = new Map<string, string>();
  for (const name of importsOf(text, loader)) {
    if (!/^\.{1,2}\//.test(name)) continue;
    try {
      const file = Bun.resolveSync(name, directory);
      if (SOURCES.test(file)) resolved.set(name, file + version);
    } catch {
      // The import itself says that there is no such file.
    }
  }
  if (resolved.size === 0) return text;
  return text.replace(IMPORT, (all, before: string, _quote: string, name: string) => {
    const file = resolved.get(name);
    return file === undefined ? all : before + JSON.stringify(file);
  });
}

function importsOf(text: string, loader: "js" | "jsx" | "ts" | "tsx"): string[] {
  try {
    return new Bun.Transpiler({ loader }).scanImports(text).map((found) => found.path);
  } catch {
    // What is wrong with it is said when it is loaded.
    return [];
  }
}

function isInstalled(name: string, directory: string): boolean {
  try {
    Bun.resolveSync(name, directory);
    return true;
  } catch {
    return false;
  }
}
