import { messageOf } from "../core/errors.ts";
import type { Files } from "../net/runtime.ts";

/** Bundles of all roots have 250 KB. */
const MAX_BYTES = 4 * 1024 * 1024;

const MARK = "-----BEGIN ";

/**
 * The PEM text that a value stands for, as Traefik's keys for certificates, keys and CAs take it:
 * the text itself, or a file's path.
 * Throws an Error that names the path and says what is wrong; it never shows what was read.
 */
export async function readPem(files: Files, textOrPath: string): Promise<string> {
  if (textOrPath.includes(MARK)) return textOrPath;
  const path = pemPath(textOrPath);
  if (path === undefined) throw new Error("expected a file's path or PEM text, found neither");
  const name = JSON.stringify(path);
  const info = await files.info(path).catch((error: unknown) => {
    throw new Error(`${name} can't be read: ${messageOf(error)}`);
  });
  if (info === undefined) throw new Error(`there is no file ${name}`);
  if (!info.isFile) throw new Error(`${name} is not a file`);
  if (info.size > MAX_BYTES)
    throw new Error(`expected PEM text in ${name}, found ${info.size} bytes`);
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path);
  } catch (error) {
    throw new Error(`${name} can't be read: ${messageOf(error)}`);
  }
  const text = new TextDecoder().decode(bytes);
  if (!text.includes(MARK)) throw new Error(`expected PEM text in ${name}, found none`);
  return text;
}

/** The path that a value names; undefined where it is PEM text itself, or can't be a path. */
export function pemPath(textOrPath: string): string | undefined {
  const isPath = textOrPath !== "" && !textOrPath.includes("\n") && !textOrPath.includes(MARK);
  return isPath ? textOrPath : undefined;
}
