import type { Files } from "../../net/runtime.ts";
import { absolutePath } from "./module-paths.ts";

/** Files that count for one module at the most; what lies beyond is not looked at. */
const MOST_FILES = 1000;
const IMPORTS =
  /\b(?:from|import)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n?]+)\1|\bimport\s*\(\s*`(\.{1,2}\/[^`$\n?]+)`/g;
/** What runtimes add to a specifier in their search for a file. */
const ENDINGS = ["", ".ts", ".tsx", ".mts", ".js", ".mjs", ".jsx", "/index.ts", "/index.js"];
const SOURCE = /\.[mc]?[jt]sx?$/;

/**
 * A digest of a module and of the files that it imports by a relative path, and they in turn; packages
 * don't count. "" where the module can't be read: loading it will say why. Adds to `directories` those
 * in which a change would show.
 */
export async function moduleVersion(
  path: string,
  files: Pick<Files, "read">,
  directories: Set<string>,
): Promise<string> {
  const seen = new Map<string, Uint8Array>();
  const waiting = [[path]];
  for (const candidates of waiting) {
    if (seen.size >= MOST_FILES) break;
    if (candidates.some((candidate) => seen.has(candidate))) continue;
    const found = await firstOf(candidates, files);
    directories.add(parentOf(candidates[0]));
    if (found === undefined) {
      if (candidates[0] === path) return "";
      continue;
    }
    const [name, bytes] = found;
    seen.set(name, bytes);
    if (!SOURCE.test(name)) continue;
    const text = new TextDecoder().decode(bytes);
    for (const [, , quoted, template] of text.matchAll(IMPORTS)) {
      const target = absolutePath(quoted ?? template, parentOf(name));
      if (target.includes("/node_modules/")) continue;
      waiting.push(ENDINGS.map((ending) => target + ending));
    }
  }
  const digests = await Promise.all(
    [...seen].map(async ([name, bytes]) => `${name} ${await digest(bytes)}`),
  );
  return digests.length === 1
    ? digest(seen.get(path)!)
    : digest(new TextEncoder().encode(digests.sort().join("\n")));
}

async function firstOf(
  candidates: readonly string[],
  files: Pick<Files, "read">,
): Promise<[name: string, bytes: Uint8Array] | undefined> {
  for (const candidate of candidates) {
    try {
      return [candidate, await files.read(candidate)];
    } catch {
      // Of another name, or not there.
    }
  }
  return undefined;
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash, 0, 8), (byte) => byte.toString(16)).join("");
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
