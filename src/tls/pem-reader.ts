import type { PemFile, PemTable } from "../snapshot/pem-table.ts";
import { pemPath } from "./read-pem.ts";

/** Gives the PEM text that a value stands for. Throws, or rejects, with an Error that names the path. */
export type ReadPem = (textOrPath: string) => string | Promise<string>;

/** Reads from a table what the control plane has read from files. */
export function readFromTable(table: PemTable): ReadPem {
  return (textOrPath) => {
    const path = pemPath(textOrPath);
    if (path === undefined) {
      if (textOrPath !== "") return textOrPath;
      throw new Error("expected a file's path or PEM text, found neither");
    }
    const found: PemFile = Object.hasOwn(table, path)
      ? table[path]
      : { error: `there is no file ${JSON.stringify(path)}` };
    if ("error" in found) throw new Error(found.error);
    return found.text;
  };
}
