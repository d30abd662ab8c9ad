import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Runtime } from "../net/runtime.ts";

/** Why the start couldn't open its log files, as far as that is known without writing anything. */
export async function logFileProblems(
  { files }: Pick<Runtime, "files">,
  { log, accessLog }: StaticConfiguration,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [key, path = ""] of [
    ["log.filePath", log.filePath],
    ["accessLog.filePath", accessLog?.filePath],
  ] as const) {
    if (path === "") continue;
    if ((await files.info(path))?.isDirectory === true)
      problems.push(`${key}: expected a file, found the directory ${path}`);
    const parts = path.split("/");
    for (let length = parts.length - 1; length > 0; length--) {
      const above = parts.slice(0, length).join("/") || "/";
      const info = await files.info(above);
      if (info !== undefined && !info.isDirectory)
        problems.push(`${key}: expected a directory, found the file ${above}`);
      if (info !== undefined) break;
    }
  }
  return problems;
}
