import { registerHooks } from "node:module";

const VERSION = /^file:.*(\?v=[^/?]*)$/;
/** Files of the user's; installed packages are loaded once. */
const SOURCES = /^file:\/\/(?!.*\/node_modules\/).*\.[mc]?[jt]sx?$/;

let following = false;

/**
 * From now on a file that a module with a version imports by a relative path has that version as well:
 * Deno keeps what it has loaded, and a change there would never show.
 */
export function followVersions(): void {
  if (following) return;
  following = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      if (!/^\.{1,2}\//.test(specifier)) return resolved;
      const version = VERSION.exec(context.parentURL ?? "")?.[1];
      if (version === undefined || !SOURCES.test(resolved.url)) return resolved;
      return { ...resolved, url: resolved.url + version };
    },
  });
}
