import type { Logger } from "../core/logger.ts";
import type { AppendFile, Runtime } from "../net/runtime.ts";
import { RotatingLogFile, type Rotation } from "./rotating-log-file.ts";

/**
 * Opens a log: the file of that path, or `stdout` where it is "". Trouble with it costs lines and is
 * said once, to `logger`. With `rotation` it is put aside when it is large. Rejects where the file can't be opened.
 */
export async function openLogFile(
  { files }: Pick<Runtime, "files">,
  path: string,
  stdout: AppendFile,
  logger: Logger,
  rotation?: Rotation,
): Promise<AppendFile> {
  const file =
    path === ""
      ? stdout
      : rotation === undefined
        ? await files.append(path)
        : await RotatingLogFile.open(files, path, rotation);
  const filePath = path === "" ? "standard output" : path;
  file.onTrouble = (error) => {
    if (error === null) logger.warn("A log can be written again", { filePath });
    else logger.error("Cannot write a log: its lines are lost", { filePath, error });
  };
  return file;
}
