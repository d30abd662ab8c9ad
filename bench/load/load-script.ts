import { LOAD_CORES, pinned } from "../measure/pinning.ts";
import type { Load } from "./load.ts";

/**
 * Runs one of the bench's own load generators: a script that gets `args` and then the seconds, and
 * prints how many requests were answered in them. Throws where it fails.
 */
export async function loadScript(
  script: string,
  args: readonly (string | number | undefined)[],
  seconds: number,
): Promise<Load> {
  const command = [process.execPath, script, ...args.map(String), String(seconds)];
  const child = Bun.spawn(pinned(LOAD_CORES, command), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const requests = Number(text);
  if (code !== 0 || !(requests > 0)) throw new Error(`the load failed: ${text}${errors}`);
  return { requests, perSecond: requests / seconds };
}
