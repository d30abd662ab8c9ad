import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.ts";

/**
 * Deno's native binary, as its package for this platform brings it. The `deno` command of the npm
 * package is a wrapper that doesn't pass signals on, and needs Node.
 */
export function denoBinary(): string {
  const { platform, arch } = process;
  const kind = platform === "linux" ? `linux-${arch}-glibc` : `${platform}-${arch}`;
  const name = platform === "win32" ? "deno.exe" : "deno";
  const path = join(ROOT, "node_modules/@deno", kind, name);
  if (!existsSync(path)) throw new Error(`Deno is not installed: ${path} is missing`);
  return path;
}
